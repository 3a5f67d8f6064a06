import { TraceError } from "../base/errors.js";
import type { PeekedSource } from "./source.js";

/**
 * Bytes given to the decompressor at once. They may decompress to 1,032 times as much (zlib's limit): that bounds the
 * memory it takes.
 */
const SLICE_BYTES = 16384;

/**
 * The bytes of a source that is gzip (RFC 1952), decompressed.
 * @throws TraceError on data that is cut short or corrupt, or has several members on a host that reads only one.
 */
export async function* gunzipped(source: PeekedSource): AsyncGenerator<Uint8Array, void> {
  const { readable, writable } = new DecompressionStream("gzip");
  const plain: ReadableStreamDefaultReader<Uint8Array> = readable.getReader();
  const feeder = new Feeder(source, writable);
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await feeder.feedUntil(plain.read());
      ended = done;
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw feeder.failure ?? gzipError(error, feeder.given);
  } finally {
    if (!ended) {
      // Either may have failed before; the first error is the one to throw.
      await plain.cancel().catch(ignore);
      await source.return();
    }
  }
}

/**
 * Gives a decompressor only as much input as the reader of its output waits for. `pipeThrough` gives more in Node: the
 * streams of a DecompressionStream there compare a count of chunks with a limit in bytes, and so take in 16,384 chunks.
 */
class Feeder {
  /** The error of the source, if it had one. */
  failure: unknown;
  /** Bytes that the decompressor was given. */
  given = 0;

  readonly #slices: AsyncGenerator<Uint8Array, void>;
  readonly #writer: WritableStreamDefaultWriter<BufferSource>;
  /** The write under way. */
  #step: Promise<void> | undefined;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>, sink: WritableStream<BufferSource>) {
    this.#slices = slicesOf(source);
    this.#writer = sink.getWriter();
    this.#writer.closed.catch(ignore);
  }

  /** Feeds until there is output. @throws what the source or the decompressor throws. */
  async feedUntil<T>(output: Promise<T>): Promise<T> {
    let came = false;
    const coming = output.then(ignore, ignore).then(() => {
      came = true;
    });
    while (!came && !this.#ended) {
      this.#step ??= this.#startStep();
      await Promise.race([coming, this.#step]);
    }
    if (!came && this.failure !== undefined) throw this.failure;
    return output;
  }

  /** The errors of a step are seen elsewhere: the decompressor's where its output is read, the source's in `failure`. */
  async #startStep(): Promise<void> {
    try {
      const { done, value } = await this.#nextSlice();
      if (done) {
        this.#ended = true;
        await this.#writer.close();
      } else {
        this.given += (value as Uint8Array).length;
        await this.#writer.write(value as Uint8Array<ArrayBuffer>);
      }
    } catch {
      this.#ended = true;
    } finally {
      this.#step = undefined;
    }
  }

  async #nextSlice(): Promise<IteratorResult<Uint8Array, void>> {
    try {
      return await this.#slices.next();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

async function* slicesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) yield chunk.subarray(at, at + SLICE_BYTES);
  }
}

/** `given` is where the decompressor was at most. */
function gzipError(cause: unknown, given: number): TraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const what = /junk|trailing/i.test(reason)
    ? "has several members or something else behind the first; compress it as one"
    : "is cut short or corrupt";
  const error = new TraceError(`the gzip data ${what} (${reason}), in the first ${given} bytes`);
  error.cause = cause;
  return error;
}

function ignore(): void {}
