import { EVENT_BYTES } from "#shared/recorder";
import { formatCount } from "../../base/bytes.js";
import { TraceEncoder } from "../../trace/encode.js";
import type { Trace, TraceChunk, TraceNotes } from "../../trace/trace.js";
import { Decoder } from "./decode.js";
import type { Idle } from "./idle.js";

/** Operations that a recording holds, at 24 bytes each, unless it is told otherwise. */
export const MOST_OPERATIONS = 10_000_000;

const HOST = "what the host reads and writes in the module's memory is not seen";

const NOTHING =
  "nothing was recorded: the program asked for nothing, its compiler inlined the allocator, or the original runs in place of the recorded module";

export interface RecordingLimits {
  /** Most operations that are held. */
  mostOperations: number;
  /** Takes each chunk instead; it is valid until the call returns. */
  onChunk: ((chunk: TraceChunk) => void) | undefined;
}

/** Where events come from. */
export interface LogSource {
  /** Those that were logged and not taken. */
  events(): DataView;
  /** They are taken. */
  forget(): void;
  /** No more are wanted. */
  stop(): void;
}

/** Makes a trace of what a recorder logs. */
export class Log {
  readonly #encoder = new TraceEncoder((address) => `block 0x${address.toString(16)}`);
  readonly #decoder: Decoder;
  readonly #chunks: TraceChunk[] = [];
  readonly #notes: TraceNotes = { format: "text", losses: [] };
  #operations = 0;
  readonly #lost: string[] = [];
  #isFull = false;
  #failure: unknown;

  constructor(
    private readonly source: LogSource,
    private readonly limits: RecordingLimits,
    siteOf: (number: number) => string,
  ) {
    this.#decoder = new Decoder(
      this.#encoder,
      () => {
        if (this.#encoder.full) this.#keep();
      },
      (number) => this.#encoder.site(siteOf(number)),
    );
  }

  get operations(): number {
    return this.#operations + this.#encoder.count;
  }

  /** What could be given back. */
  get idle(): Idle {
    return this.#decoder.idle.idle;
  }

  /** Takes what the recorder has logged. */
  take(): void {
    this.add(this.source.events());
    this.source.forget();
  }

  /** Takes these events. The module may be running, and must not see an error: it is thrown later. */
  add(events: DataView): void {
    try {
      if (!this.#isFull) this.#decoder.take(events, events.byteLength / EVENT_BYTES);
    } catch (error) {
      this.#failure ??= error;
      this.source.stop();
    }
  }

  /** Everything so far. @throws what a receiver of chunks threw. */
  trace(): Trace {
    this.finish();
    const chunks = [...this.#chunks];
    return {
      notes: { ...this.#notes, losses: [...this.#notes.losses] },
      async *[Symbol.asyncIterator]() {
        yield* chunks;
      },
    };
  }

  /** Takes and hands on all there is. @throws what a receiver of chunks threw. */
  finish(): void {
    this.take();
    if (this.#encoder.count > 0) this.#keep();
    if (this.#failure !== undefined) throw this.#failure;
    this.#encoder.note(this.#notes);
    this.#notes.losses = [
      ...this.#nothing(),
      ...this.#decoder.losses(),
      ...this.#fullness(),
      ...this.#lost,
      HOST,
    ];
  }

  /** A trace of the recording lacks this, too. */
  lose(sentence: string): void {
    this.#lost.push(sentence);
  }

  /** What a trace of the recording lacks, and what it names. */
  get notes(): TraceNotes {
    return this.#notes;
  }

  #keep(): void {
    const { mostOperations, onChunk } = this.limits;
    const chunk = this.#encoder.take();
    if (onChunk) {
      this.#encoder.note(this.#notes);
      onChunk(chunk);
    } else if (!this.#isFull) this.#chunks.push({ ...chunk, records: chunk.records.slice() });
    this.#operations += chunk.count;
    if (onChunk || this.#isFull || this.#operations < mostOperations) return;
    this.#isFull = true;
    this.source.stop();
  }

  #nothing(): string[] {
    return this.operations === 0 ? [NOTHING] : [];
  }

  #fullness(): string[] {
    if (!this.#isFull) return [];
    return [
      `the recording is full and ends after ${formatCount(this.#operations)} operations: raise mostOperations, or take chunks by onChunk`,
    ];
  }
}
