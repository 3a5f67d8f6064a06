import { TraceError } from "../base/errors.js";
import { MAX_BYTES, type TraceEncoder } from "./encode.js";
import type { TraceFormat } from "./format.js";
import { type LineReader, readLines } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import { isComment } from "./text.js";
import type { TraceNotes } from "./trace.js";
import { UNSAID, ValgrindLine } from "./valgrind-line.js";

type Kind = "malloc" | "calloc" | "realloc" | "free" | "no operation";

/** An allocation that waits for its result. */
type Call = Pick<ValgrindLine, "pointer" | "align" | "bytes" | "count"> & { kind: Kind };

const KINDS: readonly (readonly [name: RegExp, kind: Kind])[] = [
  [/^(malloc|memalign|posix_memalign|aligned_alloc|valloc|__builtin_new|__builtin_vec_new)$/, "malloc"],
  [/^_Zn[wa]/, "malloc"], // operator new and new[], mangled
  [/^calloc$/, "calloc"],
  [/^realloc$/, "realloc"],
  [/^(free|cfree|__builtin_delete|__builtin_vec_delete|free_sized|free_aligned_sized)$/, "free"],
  [/^_Zd[la]/, "free"], // operator delete and delete[]
];

export const valgrindFormat: TraceFormat<"valgrind"> = {
  name: "valgrind",
  about: "the log of --trace-malloc=yes",
  looksLike: ({ lines }) => lines.some((line) => /--\d+-- \w+\(/.test(line) && !isComment(line)),
  remedy: ({ lines }) =>
    lines.some((line) => /^==\d+== /.test(line))
      ? "this is a log of valgrind without allocations: run it with --trace-malloc=yes"
      : undefined,
  read: (bytes) => readLines(bytes, (encoder) => new ValgrindReader(encoder), nameOfAddress),
};

/** How errors call an object. */
const nameOfAddress = (address: number): string => `address 0x${address.toString(16).toUpperCase()}`;

/**
 * The log of `valgrind --trace-malloc=yes`, where objects are known by address. Lines that valgrind did not print on
 * behalf of an allocation are skipped, such as what the program itself printed.
 *
 * It reads one process, the first that calls the allocator, up to an exec: others have heaps of their own, with the
 * same addresses.
 * What has no place in a trace, or is not in the log, is counted and noted: allocations that failed, free(NULL), and
 * objects that were there before the log began.
 */
class ValgrindReader implements LineReader {
  readonly notes: TraceNotes = {
    format: "valgrind",
    losses: [
      "this format does not record what the program touched",
      "this format does not record which thread calls",
    ],
  };
  readonly #line = new ValgrindLine();
  readonly #kinds = new Map<string, Kind>();
  #pid = UNSAID;
  /** The process went on as another program, which has a new heap. */
  #ended = false;
  #pending: Call | undefined;

  #others = 0;
  #failed = 0;
  #unanswered = 0;
  #nullFrees = 0;
  #unknownFrees = 0;
  #unknownReallocs = 0;

  constructor(private readonly encoder: TraceEncoder) {}

  readLine(line: LineScanner): void {
    const parsed = this.#line;
    if (!parsed.begin(line)) {
      this.#checkExec(line);
      return;
    }
    if (parsed.nextResult()) {
      if (parsed.pid === this.#pid) this.#answer(parsed.result);
      return;
    }
    while (parsed.nextCall()) {
      const kind = this.#kindOf(parsed.name);
      if (kind === "no operation") continue;
      if (this.#pid === UNSAID) this.#pid = parsed.pid;
      const ends = kind === "free" || parsed.result !== UNSAID; // valgrind begins a new line after it
      if (parsed.pid === this.#pid && !this.#ended) this.#call(kind);
      else if (ends) this.#others++;
      if (ends) return;
    }
  }

  #checkExec(line: LineScanner): void {
    if (this.#pid !== UNSAID && ValgrindLine.startedProcess(line) === this.#pid) this.#ended = true;
  }

  finish(): void {
    this.#dropPending();
    this.#note("left out: operations of other processes, or of a program the first went on as", this.#others);
    this.#note("left out: allocations that failed", this.#failed);
    this.#note("left out: allocations whose result the log does not give", this.#unanswered);
    this.#note("left out: free(NULL)", this.#nullFrees);
    this.#note("left out: frees of addresses that the log does not allocate", this.#unknownFrees);
    this.#note("read as malloc: reallocs of addresses that the log does not allocate", this.#unknownReallocs);
  }

  #note(text: string, count: number): void {
    if (count > 0) this.notes.losses.push(`${text} (${count})`);
  }

  #kindOf(name: string): Kind {
    let kind = this.#kinds.get(name);
    if (kind === undefined) {
      kind = KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? "no operation";
      this.#kinds.set(name, kind);
    }
    return kind;
  }

  #call(kind: Kind): void {
    const { pointer, align, bytes, count, result } = this.#line;
    this.#dropPending();
    if (kind === "free") {
      this.#free(pointer);
      return;
    }
    // realloc(NULL, n) and realloc(p, 0) call malloc and free, which follow.
    if (kind === "realloc" && result === UNSAID && (pointer === 0 || bytes === 0)) return;
    this.#pending = { kind, pointer, align, bytes, count };
    if (result !== UNSAID) this.#answer(result);
  }

  #dropPending(): void {
    if (this.#pending) this.#unanswered++;
    this.#pending = undefined;
  }

  #free(pointer: number): void {
    if (pointer === 0) this.#nullFrees++;
    else if (this.encoder.has(pointer)) this.encoder.free(pointer);
    else this.#unknownFrees++;
  }

  /** The allocation that waits returned this. */
  #answer(result: number): void {
    const call = this.#pending;
    if (!call) return;
    this.#pending = undefined;
    if (result === 0) {
      this.#failed++;
    } else if (call.kind === "realloc") {
      this.#realloc(call, result);
    } else {
      this.#checkNew(result);
      this.#allocate(call, result);
    }
  }

  #allocate({ kind, align, bytes, count }: Call, result: number): void {
    if (kind === "calloc") {
      // It succeeded, so that a factor over the limit can only mean that the other is 0.
      this.encoder.calloc(result, Math.min(count, MAX_BYTES), Math.min(bytes, MAX_BYTES));
    } else if (align !== UNSAID) {
      this.encoder.aligned(result, nextPowerOfTwo(align), bytes); // as valgrind and glibc do
    } else {
      this.encoder.malloc(result, bytes);
    }
  }

  #realloc({ pointer, bytes }: Call, result: number): void {
    if (result !== pointer) this.#checkNew(result);
    if (this.encoder.has(pointer)) {
      this.encoder.realloc(pointer, bytes, result);
    } else {
      this.#unknownReallocs++;
      this.encoder.malloc(result, bytes);
    }
  }

  #checkNew(result: number): void {
    if (!this.encoder.has(result)) return;
    const name = nameOfAddress(result);
    throw new TraceError(`${name} is allocated while it is live: the log is not complete`, this.encoder.line);
  }
}

function nextPowerOfTwo(value: number): number {
  let power = 1;
  while (power < value) power *= 2;
  return power;
}
