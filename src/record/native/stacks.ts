/** Reads call stacks and what was mapped where: recorder/sites.h draws the files. */
import { readFile } from "node:fs/promises";
import type { ImagePart } from "./images.js";

/** A part of a file that is mapped executable. */
export interface Mapping {
  from: number;
  to: number;
  /** Where it is in the file. */
  offset: number;
  /** Empty if no file is mapped. */
  path: string;
}

/** A return address, and what is mapped there. */
export interface Frame {
  address: number;
  mapping?: Mapping;
}

/** Call stacks by number, from 1 on, the innermost frame first. Those of parents go before a child's own. */
export async function readStacks(parts: readonly ImagePart[]): Promise<Frame[][]> {
  const stacks: Frame[][] = [[]];
  for (const { path, sites } of parts) {
    const [words, maps] = await Promise.all([readWords(`${path}.sites`), readText(`${path}.maps`)]);
    const mappings = parseMaps(maps);
    for (let at = 0; at < words.length && stacks.length <= sites; ) {
      const count = words[at] as number;
      const addresses = words.slice(at + 1, at + 1 + count);
      if (addresses.length < count) break;
      const mapped = mappingsFor(mappings, stacks.length);
      stacks.push(addresses.map((address) => frameOf(address, mapped)));
      at += 1 + count;
    }
  }
  return stacks;
}

/** What was mapped when stacks from some number on were new, and the frames that were found there. */
interface Mapped {
  after: number;
  mappings: Mapping[];
  frames: Map<number, Frame>;
}

function mappingsFor(all: readonly Mapped[], stack: number): Mapped {
  return all.findLast(({ after }) => stack > after) ?? { after: 0, mappings: [], frames: new Map() };
}

/** A return address is behind the call, perhaps in another function. */
function frameOf(returnAddress: number, { mappings, frames }: Mapped): Frame {
  const known = frames.get(returnAddress);
  if (known) return known;
  const address = returnAddress - 1;
  const mapping = mappings.find(({ from, to }) => address >= from && address < to);
  const frame = { address, ...(mapping && { mapping }) };
  frames.set(returnAddress, frame);
  return frame;
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) ..x. ([0-9a-f]+) \S+ \d+(?: +(\S.*))?/;

function parseMaps(text: string): Mapped[] {
  const all: Mapped[] = [];
  for (const line of text.split("\n")) {
    const begins = /^= (\d+)$/.exec(line);
    if (begins) all.push({ after: Number(begins[1]), mappings: [], frames: new Map() });
    const [, from, to, offset, path = ""] = LINE.exec(line) ?? [];
    if (!from || !to || !offset) continue;
    const file = path.startsWith("/") ? path : "";
    all.at(-1)?.mappings.push({ from: hex(from), to: hex(to), offset: hex(offset), path: file });
  }
  return all;
}

const hex = (digits: string): number => Number.parseInt(digits, 16);

/** The bytes of a file; none if there is none, as a process that never called has. */
async function readIfThere(path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
}

async function readWords(path: string): Promise<number[]> {
  const bytes = await readIfThere(path);
  const whole = new BigUint64Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~7)),
  );
  return Array.from(whole, Number);
}

const readText = async (path: string): Promise<string> => (await readIfThere(path)).toString("utf8");
