import { UsageError } from "../base/errors.js";
import { parseRecord } from "../compare/digest.js";
import type { BenchRecord } from "../compare/record.js";
import { RecordError } from "../compare/sealed.js";
import { readText } from "./infile.js";

/** The text of a file that has a record. @throws UsageError for a file that cannot be read */
export function readRecordText(name: string): Promise<string> {
  return readText(name).catch((error: Error) => {
    throw error instanceof UsageError ? error : new UsageError(`cannot read "${name}": ${error.message}`);
  });
}

/** Reads a record that `zeropage bench` wrote. @throws UsageError for any other file, and for one that was changed. */
export async function readBenchRecord(name: string): Promise<BenchRecord> {
  return recordIn(await readRecordText(name), name);
}

/** The same of one that is gone on with. @throws UsageError also as `sealedRecordIn` does */
export async function readSealedRecord(name: string): Promise<BenchRecord> {
  return sealedRecordIn(await readRecordText(name), name);
}

/**
 * The record in a text, which must tell that it was not changed.
 * @throws UsageError also for one of an older version, which cannot tell.
 */
export function sealedRecordIn(text: string, name: string): BenchRecord {
  const record = recordIn(text, name);
  if (record.digest !== undefined) return record;
  throw new UsageError(
    `"${name}" has no digest, so it may have been changed: run it again with this version`,
  );
}

function recordIn(text: string, name: string): BenchRecord {
  try {
    return parseRecord(text);
  } catch (error) {
    throw error instanceof RecordError ? new UsageError(`"${name}" ${error.message}`) : error;
  }
}
