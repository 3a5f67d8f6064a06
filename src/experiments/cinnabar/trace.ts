import type { TraceEncoder } from "../../trace/encode.js";
import { madeTrace } from "../../trace/made.js";
import type { Trace } from "../../trace/trace.js";
import { type CinnabarWorkload, checkWorkload } from "./workload.js";

/** The marks of the trace, each at the end of a phase. The last phase ends with the trace. */
export const PHASES = ["phase 1", "phase 2"] as const;

/** Small sizes: strings, hashes and other objects of Python. */
const SMALL = [33, 56, 64, 73, 77, 89, 96, 104, 128, 160, 280, 368, 480] as const;
const LEAST_MIDDLING = 576;
const MIDDLING_SIZES = 2600;
/** Of phase 1's objects every so many-th is a middling one. */
const MIDDLING_EVERY = 20;
/** A buffer begins so, and grows by an eighth and so much more. */
const BUFFER = 4096;
/** Growths of a buffer for each small object that is made meanwhile. */
const GROWTHS = 3;
/** Of the objects that are left, phase 3 frees so many percent. */
const FREED_AT_LAST = 70;

/** Before each operation, so that there is room for it; at the end of a phase "phase". */
type Operations = Generator<"phase" | undefined, void, void>;

/** The trace of a workload, made as its chunks are asked for. A chunk ends with each phase. @throws UsageError */
export function cinnabarTrace(workload: CinnabarWorkload): Trace {
  checkWorkload(workload);
  return madeTrace(
    (encoder) => new Program(workload, encoder).operations(),
    (event) => event === "phase",
  );
}

/** Numbers below a limit of at most 2^31: a linear congruential generator of 64 bits (Knuth's MMIX), its upper bits. */
function drawer(seed: number): (limit: number) => number {
  let state = BigInt(seed);
  return (limit) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 33n) % limit;
  };
}

class Program {
  readonly #draw: (limit: number) => number;
  /** Objects that stay, in no order. */
  readonly #objects: number[] = [];
  readonly #copies: number[] = [];
  #made = 0;

  constructor(
    private readonly workload: CinnabarWorkload,
    private readonly encoder: TraceEncoder,
  ) {
    this.#draw = drawer(workload.seed);
  }

  *operations(): Operations {
    const { warmUp, objects, manifests } = this.workload;
    if (warmUp > 0) yield* this.#free(yield* this.#allocate(warmUp));
    for (let i = 1; i <= objects; i++) yield* i % MIDDLING_EVERY ? this.#small() : this.#middling();
    yield* this.#end(PHASES[0]);
    for (let manifest = 0; manifest < manifests; manifest++) yield* this.#manifest(manifest);
    yield* this.#end(PHASES[1]);
    for (const copy of this.#copies) yield* this.#free(copy);
    yield* this.#kill(Math.floor((this.#objects.length * FREED_AT_LAST) / 100));
  }

  /** Reads a manifest into a buffer, keeps a copy, and makes and frees objects. */
  *#manifest(manifest: number): Operations {
    const { kept, small, middling } = this.workload;
    const bytes = this.#bytesOf(manifest);
    const buffer = yield* this.#read(bytes);
    const copy = yield* this.#allocate(bytes);
    yield* this.#free(buffer);
    this.#copies.push(copy);
    for (let i = 0; i < small; i++) yield* this.#small();
    for (let i = 0; i < middling; i++) yield* this.#middling();
    if (this.#copies.length > kept) yield* this.#free(this.#copies.shift() as number);
    for (let i = 0; i < middling; i++) yield* this.#middling();
    yield* this.#kill(this.#dying() + small + 2 * middling);
  }

  /** Sizes grow over time, and each is 60 to 139 percent of what its time has. */
  #bytesOf(manifest: number): number {
    const { smallest, largest, manifests } = this.workload;
    const usual = smallest + Math.floor(((largest - smallest) * manifest) / manifests);
    return Math.floor((usual * (60 + this.#draw(80))) / 100);
  }

  /** Objects that each manifest frees beyond those that it makes. */
  #dying(): number {
    const { objects, dying, manifests } = this.workload;
    return Math.floor(Math.floor((objects * Math.round(100 * dying)) / 100) / manifests);
  }

  *#read(bytes: number): Generator<undefined, number, void> {
    const buffer = yield* this.#allocate(BUFFER);
    let growths = 0;
    for (let room = BUFFER; room < bytes; ) {
      room = Math.min(room + Math.floor(room / 8) + BUFFER, bytes + BUFFER);
      yield;
      this.encoder.realloc(buffer, room);
      growths++;
      if (growths % GROWTHS === 0) yield* this.#small();
    }
    return buffer;
  }

  *#small(): Generator<undefined, void, void> {
    this.#objects.push(yield* this.#allocate(SMALL[this.#draw(SMALL.length)] as number));
  }

  *#middling(): Generator<undefined, void, void> {
    this.#objects.push(yield* this.#allocate(LEAST_MIDDLING + this.#draw(MIDDLING_SIZES)));
  }

  /** Frees so many objects, each chosen at random. */
  *#kill(count: number): Operations {
    const objects = this.#objects;
    for (let i = 0; i < count; i++) {
      const at = this.#draw(objects.length);
      yield* this.#free(objects[at] as number);
      objects[at] = objects[objects.length - 1] as number;
      objects.pop();
    }
  }

  *#allocate(bytes: number): Generator<undefined, number, void> {
    yield;
    this.encoder.malloc(this.#made, bytes);
    return this.#made++;
  }

  *#free(object: number): Generator<undefined, void, void> {
    yield;
    this.encoder.free(object);
  }

  *#end(phase: string): Operations {
    yield;
    this.encoder.mark(phase);
    yield "phase";
  }
}
