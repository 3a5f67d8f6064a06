/**
 * Reads zstd (RFC 8878) as a stream: no host that is supported does it itself. Memory is that of the frame's window, of
 * 128 MiB at most, as for the command `zstd`.
 */

import { formatBytes } from "../../base/bytes.js";
import { TraceError } from "../../base/errors.js";
import type { PeekedSource } from "../source.js";
import { demand, ZstdCorrupt } from "./bits.js";
import { BlockDecoder } from "./blocks.js";
import { ZstdWindow } from "./window.js";
import { Xxh64 } from "./xxh64.js";

const MAGIC = 0xfd2fb528;
/** Frames of anything else, which are skipped: the low four bits are free. */
const SKIPPABLE = 0x184d2a50;
const MOST_WINDOW = 2 ** 27;
const MOST_BLOCK = 2 ** 17;

const Block = { raw: 0, repeated: 1, compressed: 2 } as const;

/** What the header of a frame says. */
interface Frame {
  window: number;
  /** Bytes of content, where it says so. */
  content: number | undefined;
  checked: boolean;
}

/** The bytes of zstd data. @throws TraceError if it is cut short or corrupt, or asks for a dictionary or a larger window. */
export async function* unzstd(source: PeekedSource): AsyncGenerator<Uint8Array, void> {
  const input = new Input(source);
  try {
    while (!(await input.ended())) yield* readFrame(input);
  } catch (error) {
    if (!(error instanceof ZstdCorrupt)) throw error;
    throw new TraceError(`the zstd data is cut short or corrupt (${error.message}), at byte ${input.taken}`);
  } finally {
    await source.return();
  }
}

async function* readFrame(input: Input): AsyncGenerator<Uint8Array, void> {
  const magic = await input.number(4);
  if ((magic & ~15) === SKIPPABLE) {
    await input.skip(await input.number(4));
    return;
  }
  demand(magic === MAGIC, "a frame begins with other bytes than it should");
  const frame = await readHeader(input);
  const window = new ZstdWindow(frame.window);
  const most = Math.min(frame.window, MOST_BLOCK);
  const decoder = new BlockDecoder(window, most);
  const checksum = new Xxh64();
  for (let last = false; !last; ) {
    const header = await input.number(3);
    last = header % 2 === 1;
    await readBlock(input, (header >> 1) & 3, header >> 3, most, window, decoder);
    const bytes = window.take();
    if (frame.checked) checksum.add(bytes);
    if (bytes.length > 0) yield bytes;
  }
  demand(
    frame.content === undefined || frame.content === window.written,
    "a frame has another size than it says",
  );
  demand(!frame.checked || (await input.number(4)) === checksum.low(), "a checksum does not hold");
}

async function readBlock(
  input: Input,
  type: number,
  size: number,
  most: number,
  window: ZstdWindow,
  decoder: BlockDecoder,
): Promise<void> {
  demand(size <= most, "a block is larger than may be");
  if (type === Block.raw) window.append(await input.take(size), 0, size);
  else if (type === Block.repeated) window.fill(await input.number(1), size);
  else if (type === Block.compressed) decoder.decode(await input.take(size));
  else throw new ZstdCorrupt("a block is of no kind that there is");
}

async function readHeader(input: Input): Promise<Frame> {
  const flags = await input.number(1);
  demand((flags & 8) === 0, "a reserved bit is set");
  const isSingle = (flags & 32) !== 0;
  const described = isSingle ? undefined : windowOf(await input.number(1));
  const dictionary = await input.number([0, 1, 2, 4][flags & 3] as number);
  if (dictionary !== 0) {
    throw new TraceError(
      `this zstd data was made with dictionary ${dictionary}: unpack it first (zstd -dc -D DICTIONARY FILE)`,
    );
  }
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] as number;
  const content = sizeBytes === 0 ? undefined : (await input.number(sizeBytes)) + (sizeBytes === 2 ? 256 : 0);
  const window = described ?? content ?? 0;
  if (window > MOST_WINDOW) {
    throw new TraceError(
      `this zstd data has a window of ${formatBytes(window)}, more than the ${formatBytes(MOST_WINDOW)} that are kept: ` +
        "unpack it first (zstd -dc --long=31 FILE)",
    );
  }
  return { window, content, checked: (flags & 4) !== 0 };
}

/** A power of two, from 1 KiB on, and eighths of it. */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** The bytes of a source, as many at once as are asked for. */
class Input {
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Bytes of the chunks before. */
  #before = 0;

  constructor(private readonly source: AsyncIterator<Uint8Array, void>) {}

  /** Bytes that were taken so far. */
  get taken(): number {
    return this.#before + this.#at;
  }

  /** Whether there are no more. */
  async ended(): Promise<boolean> {
    while (this.#at === this.#chunk.length) {
      const { done, value } = await this.source.next();
      if (done) return true;
      this.#before += this.#chunk.length;
      this.#chunk = value;
      this.#at = 0;
    }
    return false;
  }

  /** The next bytes; a number that is bounded, as they are kept at once. @throws ZstdCorrupt if there are fewer. */
  async take(count: number): Promise<Uint8Array> {
    if (this.#at + count <= this.#chunk.length) return this.#next(count);
    const bytes = new Uint8Array(count);
    for (let filled = 0; filled < count; ) {
      const part = await this.#part(count - filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) left -= (await this.#part(left)).length;
  }

  /** A whole number of so many bytes, the lowest first. Inexact above 2^53. */
  async number(byteCount: number): Promise<number> {
    const bytes = await this.take(byteCount);
    return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
  }

  async #part(most: number): Promise<Uint8Array> {
    demand(!(await this.ended()), "it ends within a frame");
    return this.#next(Math.min(most, this.#chunk.length - this.#at));
  }

  /** The next bytes of the chunk. */
  #next(count: number): Uint8Array {
    const from = this.#at;
    this.#at += count;
    return this.#chunk.subarray(from, this.#at);
  }
}
