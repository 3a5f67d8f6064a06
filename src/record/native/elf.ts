/** What the header of a program or library of Linux says (ELF, the System V ABI's chapter 4 and 5). */
import { type FileHandle, open } from "node:fs/promises";

const MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const LOADED = 1;
const INTERPRETER = 3;

/** A part of a file that is loaded, and where: addresses before the whole is moved. */
export interface Segment {
  offset: number;
  address: number;
  bytes: number;
}

export interface Elf {
  bits: 32 | 64;
  /** It is loaded by the dynamic linker, or is a library that is. */
  isDynamic: boolean;
  segments: Segment[];
}

/** Reads the header of a file; undefined if it is none of these, or cannot be read. */
export async function readElf(path: string): Promise<Elf | undefined> {
  const file = await open(path).catch(() => undefined);
  try {
    return file && (await parse(file));
  } finally {
    await file?.close();
  }
}

async function parse(file: FileHandle): Promise<Elf | undefined> {
  const header = await read(file, 0, HEADER_BYTES);
  if (header.length < HEADER_BYTES || header.readUInt32BE(0) !== MAGIC) return undefined;
  if (header[4] !== CLASS_64) return { bits: 32, isDynamic: true, segments: [] };
  if (header[5] !== LITTLE_ENDIAN) return undefined;
  const count = header.readUInt16LE(56);
  const table = await read(file, Number(header.readBigUInt64LE(32)), count * PROGRAM_HEADER_BYTES);
  const elf: Elf = { bits: 64, isDynamic: false, segments: [] };
  for (let at = 0; at + PROGRAM_HEADER_BYTES <= table.length; at += PROGRAM_HEADER_BYTES) {
    const type = table.readUInt32LE(at);
    const number = (offset: number) => Number(table.readBigUInt64LE(at + offset));
    if (type === INTERPRETER) elf.isDynamic = true;
    if (type === LOADED) elf.segments.push({ offset: number(8), address: number(16), bytes: number(32) });
  }
  return elf;
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** The address that the linker gave to what is at an offset of the file. */
export function addressAt({ segments }: Elf, offset: number): number | undefined {
  const found = segments.find(
    (segment) => offset >= segment.offset && offset < segment.offset + segment.bytes,
  );
  return found && offset - found.offset + found.address;
}
