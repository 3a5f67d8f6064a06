/**
 * Static libraries: archives of object files, as GNU's `ar` writes them. Each member has a header of text before it;
 * the first one is the index, which says in what member each symbol is.
 *
 *     "!<arch>\n"   "/" index   "one.o/" object file   "two.o/" object file
 */
import { BinaryWriter } from "../wasm/writer.js";

export interface Member {
  /** At most 15 letters of ASCII. */
  name: string;
  bytes: Uint8Array;
  symbols: readonly string[];
}

const MAGIC = "!<arch>\n";
const HEADER_BYTES = 60;

/** Members begin at even addresses. */
const even = (bytes: number) => bytes + (bytes % 2);

/** The same members make the same bytes: no time and no owner is written. */
export function makeArchive(members: readonly Member[]): Uint8Array {
  const ascii = (text: string) => new TextEncoder().encode(text);
  const names = ascii(members.flatMap(({ symbols }) => symbols.map((name) => `${name}\0`)).join(""));
  const count = members.reduce((sum, { symbols }) => sum + symbols.length, 0);
  const index = new BinaryWriter();
  let offset = MAGIC.length + HEADER_BYTES + even(4 + 4 * count + names.length);
  index.append(bigEndian(count));
  for (const { bytes, symbols } of members) {
    for (const _ of symbols) index.append(bigEndian(offset));
    offset += HEADER_BYTES + even(bytes.length);
  }
  const archive = new BinaryWriter().append(ascii(MAGIC));
  const add = (name: string, bytes: Uint8Array) => {
    archive.append(ascii(header(name, bytes.length))).append(bytes);
    if (bytes.length % 2) archive.append(ascii("\n"));
  };
  add("/", index.append(names).bytes);
  for (const { name, bytes } of members) add(`${name}/`, bytes);
  return archive.bytes;
}

/** Name, time, owner, group, mode, size. */
function header(name: string, bytes: number): string {
  const fields: [string, number][] = [
    ...([
      [name, 16],
      ["0", 12],
      ["0", 6],
      ["0", 6],
      ["644", 8],
    ] as [string, number][]),
    [String(bytes), 10],
  ];
  return `${fields.map(([text, width]) => text.padEnd(width)).join("")}\`\n`;
}

function bigEndian(value: number): number[] {
  return [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
}
