/** A dropped .wasm as a player's subject. Its memory cannot be taken back, so the way back is a new instance. */
import type { WasmAllocator } from "../index.js";
import { MODULE_LIMITS } from "./protocol.js";
import type { Face, Subject, WayBack } from "./subject.js";

/** What a module of 32 bits can address. */
const ADDRESS_LIMIT = 2 ** 32;
/** Pages of an operating system, which the meter counts. */
const PAGE_BYTES = 4096;
/** It really clears what it clears, up to two seconds for all of its memory, and has to give word meanwhile. */
const MOST = { records: 8, rounds: 2 };

/**
 * Prepares a module to be opened again and again: metered, with what that needs loaded only then. Functions it
 * imports that are not known trap.
 * @throws ModuleError; ModuleTrap at each opening
 */
export async function prepareModule(name: string, wasm: Uint8Array): Promise<() => WasmAllocator> {
  const { prepareMetered } = await import("../foreign/open.js");
  // What it is refused, it has to cope with.
  const { memoryBytes } = MODULE_LIMITS;
  return prepareMetered(wasm, { name, memoryBytes });
}

/** Opens a module. @throws ModuleError, ModuleTrap */
export async function openModule(name: string, wasm: Uint8Array): Promise<Subject> {
  const open = await prepareModule(name, wasm);
  return new Foreign(open(), open);
}

class Foreign implements Subject {
  readonly addressLimit = ADDRESS_LIMIT;
  readonly most = MOST;
  readonly note: string;
  face: Face;
  #isFresh = true;

  constructor(
    allocator: WasmAllocator,
    private readonly open: () => WasmAllocator,
  ) {
    this.face = faceOf(allocator);
    this.note = noteOf(allocator);
  }

  wayBack(): WayBack | undefined {
    if (!this.#isFresh) return undefined;
    this.#isFresh = false;
    return async () => {
      this.face = faceOf(this.open());
    };
  }
}

/** A linear memory is one region, all of it. */
function faceOf(allocator: WasmAllocator): Face {
  return {
    machine: { pageBytes: PAGE_BYTES },
    get hostBytes() {
      return allocator.hostBytes;
    },
    counters: () => allocator.counters(),
    fill: (...range) => allocator.fill(...range),
    pages: (...range) => allocator.pages(...range),
    regions: () => [{ address: 0, bytes: allocator.hostBytes }],
    repeat: (...records) => allocator.repeat(...records),
    slots: () => allocator.slots(),
  };
}

/** What is native, what is composed, and what is odd. */
function noteOf({ report: { convention, functions, findings } }: WasmAllocator): string {
  const provisions = Object.entries(functions);
  const native = provisions.flatMap(([, provision]) => ("native" in provision ? [provision.native] : []));
  const composed = provisions.flatMap(([name, provision]) =>
    "composed" in provision ? [`${name} is ${provision.composed}`] : [],
  );
  return [`Called as ${convention}: ${native.join(", ")}`, ...composed, ...findings].join("; ");
}
