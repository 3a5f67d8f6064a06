/** Reads the files that the recorder writes: recorder/file.h draws them. */
import { type FileHandle, open } from "node:fs/promises";
import { TraceError } from "../../base/errors.js";

/** The first bytes of a header, as the recorder writes them last. */
const MAGIC = 0x64726f6365727a01n;
const HEADER_BYTES = 65536;
/** Those that say something. */
const USED_BYTES = 4096;
/** Where things are in a header. */
const AT = {
  recordBytes: 8,
  process: 16,
  image: 20,
  parent: 24,
  next: 48,
  started: 56,
  stopped: 64,
} as const;
const PROGRAM_AT = 72;
const COMMAND_AT = PROGRAM_AT + 1024;
const COMMAND_BYTES = 1024;

/** Bytes of a record. */
const RECORD_BYTES = 40;
/** What to do where a record has no room. */
export const MORE_ROOM = "set TMPDIR to a folder with more room";
/** Records that are read at once. */
const AT_ONCE = 16384;

/** What a record is of. */
export enum RecordedKind {
  Nothing,
  Malloc,
  Calloc,
  Aligned,
  ReallocBegins,
  Realloc,
  Free,
  Trim,
  Exit,
  Write,
  Read,
}

/** Which file of which process. A process has one for each program that it was, and each fork that made it. */
export interface FileName {
  process: number;
  image: number;
}

/** What the header of a file says. */
export interface RecordHeader extends FileName {
  /** Of a forked child: the file it goes on from, and how much of that there was when it was forked. */
  parent?: FileName & { records: number; sites: number };
  /** Records that were begun. */
  records: number;
  /** Nanoseconds of the machine's clock. */
  started: number;
  /** The error number that ended the recording, and the one that kept touches from being recorded; 0 if none did. */
  stopped: number;
  touchesStopped: number;
  /** The path of the program, and the words of the command. */
  program: string;
  command: string[];
}

/** One record. What its numbers are depends on its kind: recorder/file.h has a table. */
export interface RecordedCall {
  kind: RecordedKind;
  thread: number;
  site: number;
  time: number;
  address: number;
  first: number;
  second: number;
}

/** @throws TraceError on what is no file of the recorder, or is cut short in its header. */
export async function readHeader(path: string): Promise<RecordHeader> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(USED_BYTES), 0, USED_BYTES, 0);
    return parseHeader(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function parseHeader(bytes: Buffer): RecordHeader {
  if (bytes.length < USED_BYTES)
    throw new TraceError(
      bytes.length === 0
        ? `it is empty, as there was no room for it: ${MORE_ROOM}`
        : `the record is cut short: it ends at byte ${bytes.length}`,
    );
  if (bytes.readBigUInt64LE(0) !== MAGIC)
    throw new TraceError("this is no file of the recorder, or it was not begun");
  const recordBytes = bytes.readUInt32LE(AT.recordBytes);
  if (recordBytes !== RECORD_BYTES)
    throw new TraceError(`byte ${AT.recordBytes}: records have ${recordBytes} bytes, not ${RECORD_BYTES}`);
  const parent = bytes.readUInt32LE(AT.parent);
  return {
    process: bytes.readUInt32LE(AT.process),
    image: bytes.readUInt32LE(AT.image),
    ...(parent > 0 && {
      parent: {
        ...{ process: parent, image: bytes.readUInt32LE(AT.parent + 4) },
        ...{ records: whole(bytes, AT.parent + 8), sites: whole(bytes, AT.parent + 16) },
      },
    }),
    ...{ records: whole(bytes, AT.next), started: whole(bytes, AT.started) },
    ...{ stopped: bytes.readUInt32LE(AT.stopped), touchesStopped: bytes.readUInt32LE(AT.stopped + 4) },
    program: textUpToZero(bytes.subarray(PROGRAM_AT, COMMAND_AT)),
    command: wordsOf(bytes.subarray(COMMAND_AT, COMMAND_AT + COMMAND_BYTES)),
  };
}

function textUpToZero(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

function wordsOf(bytes: Buffer): string[] {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.toString("utf8", 0, end).split("\0");
}

/** As two halves: a BigInt would cost several times as much. Inexact above 2^53, which only what fails asks for. */
function whole(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

/**
 * The records of a file up to the one of a number, in arrays that are valid until the next is asked for. A file that is
 * cut short has those it has. Records that were begun and not written are left out.
 * @throws TraceError with the byte on a record of no kind that there is.
 */
export async function* readRecords(path: string, to: number): AsyncGenerator<RecordedCall[]> {
  for await (const { bytes, position } of wholeRecords(path, to)) yield parseRecords(bytes, position);
}

/** What was asked of the allocator in the records of a file, up to the one of a number: how many operations. */
export async function countOperations(path: string, to: number): Promise<number> {
  let count = 0;
  for await (const { bytes } of wholeRecords(path, to)) {
    for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
      const kind = bytes[at] as RecordedKind;
      if (kind > RecordedKind.Nothing && kind < RecordedKind.Exit && kind !== RecordedKind.ReallocBegins)
        count++;
    }
  }
  return count;
}

/** The records' bytes, and where in the file they are, a few thousand at once. */
async function* wholeRecords(path: string, to: number): AsyncGenerator<{ bytes: Buffer; position: number }> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(RECORD_BYTES * AT_ONCE);
    for (let number = 0; number < to; number += AT_ONCE) {
      const wanted = buffer.subarray(0, RECORD_BYTES * Math.min(AT_ONCE, to - number));
      const position = HEADER_BYTES + number * RECORD_BYTES;
      const length = await readFully(file, wanted, position);
      yield { bytes: wanted.subarray(0, length - (length % RECORD_BYTES)), position };
      if (length < wanted.length) return;
    }
  } finally {
    await file.close();
  }
}

async function readFully(file: FileHandle, into: Buffer, position: number): Promise<number> {
  let length = 0;
  while (length < into.length) {
    const { bytesRead } = await file.read(into, length, into.length - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

function parseRecords(bytes: Buffer, position: number): RecordedCall[] {
  const records: RecordedCall[] = [];
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
    const kind = bytes[at] as RecordedKind;
    if (kind === RecordedKind.Nothing) continue;
    if (RecordedKind[kind] === undefined)
      throw new TraceError(`byte ${position + at}: there is no record of kind ${kind}: the file is damaged`);
    records.push({
      ...{ kind, thread: bytes.readUInt16LE(at + 2), site: bytes.readUInt32LE(at + 4) },
      ...{ time: whole(bytes, at + 8), address: whole(bytes, at + 16) },
      ...{ first: whole(bytes, at + 24), second: whole(bytes, at + 32) },
    });
  }
  return records;
}
