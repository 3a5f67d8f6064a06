/** Sees how a trace was packed. Each way that is read is a file of its own, loaded when one is met. */
import { TraceError } from "../base/errors.js";
import { gunzipped } from "./gunzip.js";
import { PeekedSource } from "./source.js";

/** A way to pack a file: the bytes it begins with, and how it is read; where it is not, what unpacks it. */
interface Packing {
  name: string;
  magic: readonly number[];
  read?: (source: PeekedSource) => AsyncIterable<Uint8Array>;
  unpack?: string;
}

const PACKINGS: readonly Packing[] = [
  { name: "gzip", magic: [0x1f, 0x8b], read: gunzipped },
  { name: "zstd", magic: [0x28, 0xb5, 0x2f, 0xfd], read: zstd },
  // As pzstd begins it, with a frame that is skipped.
  { name: "zstd", magic: [0x50, 0x2a, 0x4d, 0x18], read: zstd },
  { name: "xz", magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], unpack: "xz -dc FILE | zeropage replay -" },
  { name: "bzip2", magic: [0x42, 0x5a, 0x68], unpack: "bzip2 -dc FILE | zeropage replay -" },
  { name: "lz4", magic: [0x04, 0x22, 0x4d, 0x18], unpack: "lz4 -dc FILE | zeropage replay -" },
  { name: "compress", magic: [0x1f, 0x9d], unpack: "uncompress -c FILE | zeropage replay -" },
  { name: "zip", magic: [0x50, 0x4b, 0x03, 0x04], unpack: "unzip -p FILE | zeropage replay -" },
  {
    name: "7z",
    magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c],
    unpack: "7z x -so FILE | zeropage replay -",
  },
];

const LONGEST_MAGIC = Math.max(...PACKINGS.map(({ magic }) => magic.length));

/**
 * The bytes of a source, decompressed if it begins as gzip or zstd does.
 * @throws TraceError on compressed data that is cut short or corrupt, and on other packings, which it names.
 */
export async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const peeked = await PeekedSource.open(source, LONGEST_MAGIC);
  const packing = PACKINGS.find(({ magic }) => magic.every((byte, at) => peeked.head[at] === byte));
  if (packing && !packing.read) {
    await peeked.return();
    throw new TraceError(`this is a file packed by ${packing.name}: unpack it first (${packing.unpack})`);
  }
  yield* packing?.read?.(peeked) ?? peeked;
}

/** Few traces are packed so: what reads them is loaded when one is met. */
async function* zstd(source: PeekedSource): AsyncGenerator<Uint8Array, void> {
  const { unzstd } = await import("./zstd/unzstd.js");
  yield* unzstd(source);
}
