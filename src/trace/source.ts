import { TraceError } from "../base/errors.js";

/** Where the bytes of a trace may come from. A string is text, not a path. Chunks must not change after they were given. */
export type TraceSource = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Uint8Array | string;

/**
 * The bytes of any source, one chunk when asked for it. Leaving early cancels the source.
 * @throws TraceError if it gives anything but bytes.
 */
export async function* chunksOf(source: TraceSource): AsyncGenerator<Uint8Array, void> {
  if (typeof source === "string") {
    yield new TextEncoder().encode(source);
  } else if (ArrayBuffer.isView(source)) {
    yield checkBytes(source);
  } else if ("getReader" in source) {
    yield* chunksOfStream(source);
  } else {
    for await (const chunk of source) yield checkBytes(chunk);
  }
}

// Not every browser can iterate a ReadableStream.
async function* chunksOfStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      yield checkBytes(value);
    }
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    if (!ended) await reader.cancel();
    reader.releaseLock();
  }
}

function checkBytes(chunk: unknown): Uint8Array {
  if (ArrayBuffer.isView(chunk) && "subarray" in chunk) return chunk as Uint8Array;
  throw new TraceError(`the source must give bytes (Uint8Array), not values of type ${typeof chunk}`);
}

/** A source whose first bytes can be looked at before they are read. Returning early cancels it. */
export class PeekedSource implements AsyncIterableIterator<Uint8Array> {
  private constructor(
    /** The first bytes: as many as were asked for, or all if there are fewer. */
    readonly head: Uint8Array,
    private readonly taken: Uint8Array[],
    private readonly rest: AsyncIterator<Uint8Array, void>,
  ) {}

  /** Takes chunks until there are `bytes`, or the source ends. */
  static async open(source: AsyncIterable<Uint8Array>, bytes: number): Promise<PeekedSource> {
    const rest = source[Symbol.asyncIterator]();
    const taken: Uint8Array[] = [];
    let length = 0;
    while (length < bytes) {
      const { done, value } = await rest.next();
      if (done) break;
      taken.push(value);
      length += value.length;
    }
    return new PeekedSource(concatenate(taken, bytes), taken, rest);
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    const chunk = this.taken.shift();
    return chunk ? { done: false, value: chunk } : this.rest.next();
  }

  async return(): Promise<IteratorResult<Uint8Array, void>> {
    this.taken.length = 0;
    await this.rest.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** The first `limit` bytes of some chunks. */
function concatenate(chunks: readonly Uint8Array[], limit: number): Uint8Array {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const head = new Uint8Array(Math.min(length, limit));
  let at = 0;
  for (const chunk of chunks) {
    head.set(chunk.subarray(0, head.length - at), at);
    at += chunk.length;
  }
  return head;
}
