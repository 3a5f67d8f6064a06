/** Writes what the recorder would: src/record/native/recorder/file.h. */
import type { FileName, RecordedCall, RecordHeader } from "../../../src/record/native/record-file.js";

/** Bytes before the records. */
export const HEADER_BYTES = 65536;

/** A file, and what is odd about it. */
export interface Made extends Partial<FileName>, Pick<RecordHeader, "parent"> {
  records: readonly (Partial<RecordedCall> & Pick<RecordedCall, "kind">)[];
  started?: number;
  command?: readonly string[];
  magic?: bigint;
  recordBytes?: number;
  /** Where it is cut short. */
  bytes?: number;
}

export function recordedFile(made: Made): Uint8Array {
  const { process = 7, image = 0, started = 1, parent, records, command = [] } = made;
  const file = Buffer.alloc(HEADER_BYTES + 40 * records.length);
  file.writeBigUInt64LE(made.magic ?? 0x64726f6365727a01n, 0);
  [made.recordBytes ?? 40, 16384, process, image, parent?.process ?? 0, parent?.image ?? 0].forEach(
    (word, i) => {
      file.writeUInt32LE(word, 8 + 4 * i);
    },
  );
  const wide = [parent?.records ?? 0, parent?.sites ?? 0, records.length, started];
  wide.forEach((word, i) => {
    file.writeBigUInt64LE(BigInt(word), 32 + 8 * i);
  });
  file.write(command.map((word) => `${word}\0`).join(""), 72 + 1024);
  records.forEach(({ kind, thread = 1, site = 0, time = 0, address = 0, first = 0, second = 0 }, i) => {
    const at = HEADER_BYTES + 40 * i;
    file[at] = kind;
    file.writeUInt16LE(thread, at + 2);
    file.writeUInt32LE(site, at + 4);
    [time, address, first, second].forEach((word, j) => {
      file.writeBigUInt64LE(BigInt(word), at + 8 + 8 * j);
    });
  });
  return file.subarray(0, made.bytes ?? file.length);
}
