import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import type { TraceFormat } from "./format.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";
import { isComment } from "./text.js";
import { ValgrindLine } from "./valgrind-line.js";

type Kind = "malloc" | "calloc" | "realloc" | "free" | "no operation";

/** An allocation that waits for its result. */
type Call = Pick<ValgrindLine, "pid" | "pointer" | "align" | "bytes" | "count"> & { kind: Kind };

/** Names that are remembered. A log has few, unless it is made to have many. */
const MOST_NAMES = 4096;

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
  processes: true,
  looksLike: ({ lines }) => lines.some((line) => /--\d+-- \w+\(/.test(line) && !isComment(line)),
  remedy: ({ lines }) =>
    lines.some((line) => /^==\d+== /.test(line))
      ? "this is a log of valgrind without allocations: run it with --trace-malloc=yes"
      : undefined,
  read: (bytes, options = {}) =>
    readCalls(bytes, "valgrind", [LOST.touches, LOST.threads], options, (calls) => new ValgrindReader(calls)),
};

/**
 * The log of `valgrind --trace-malloc=yes`, where objects are known by address. Lines that valgrind did not print on
 * behalf of an allocation are skipped, such as what the program itself printed. A process is read up to an exec.
 */
class ValgrindReader implements CallReader {
  readonly #line = new ValgrindLine();
  readonly #kinds = new Map<string, Kind>();
  #pending: Call | undefined;

  constructor(private readonly calls: CallEncoder) {}

  readLine(line: LineScanner): void {
    const parsed = this.#line;
    if (!parsed.begin(line)) {
      this.calls.exec(ValgrindLine.startedProcess(line));
      return;
    }
    if (parsed.nextResult()) {
      if (parsed.pid === this.#pending?.pid) this.#answer(parsed.result);
      return;
    }
    while (parsed.nextCall()) {
      const kind = this.#kindOf(parsed.name);
      if (kind === "no operation") continue;
      this.#call(kind);
      if (kind === "free" || parsed.result !== UNSAID) return; // valgrind begins a new line after it
    }
  }

  finish(): void {
    this.#dropPending();
  }

  #kindOf(name: string): Kind {
    let kind = this.#kinds.get(name);
    if (kind === undefined) {
      kind = KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? "no operation";
      if (this.#kinds.size >= MOST_NAMES) this.#kinds.clear();
      this.#kinds.set(name, kind);
    }
    return kind;
  }

  #call(kind: Kind): void {
    const { pid, pointer, align, bytes, count, result } = this.#line;
    this.#dropPending();
    if (kind === "free") {
      this.calls.by(pid, UNSAID);
      this.calls.free(pointer);
      return;
    }
    // realloc(NULL, n) and realloc(p, 0) call malloc and free, which follow.
    if (kind === "realloc" && result === UNSAID && (pointer === 0 || bytes === 0)) return;
    this.#pending = { pid, kind, pointer, align, bytes, count };
    if (result !== UNSAID) this.#answer(result);
  }

  #dropPending(): void {
    this.#answer(UNSAID);
  }

  /** The allocation that waits returned this. */
  #answer(result: number): void {
    const call = this.#pending;
    if (!call) return;
    this.#pending = undefined;
    const { calls } = this;
    calls.by(call.pid, UNSAID);
    if (call.kind === "realloc") calls.realloc(call.pointer, call.bytes, result);
    else if (call.kind === "calloc") calls.calloc(result, call.count, call.bytes);
    else calls.aligned(result, call.align, call.bytes); // valgrind and glibc round the alignment up
  }
}
