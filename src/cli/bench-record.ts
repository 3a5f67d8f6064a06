import { UsageError } from "../base/errors.js";
import { parseRecord, RecordError } from "../compare/digest.js";
import type { BenchRecord } from "../compare/record.js";
import { readText } from "./infile.js";

/** Reads a record that `zeropage bench` wrote. @throws UsageError for any other file, and for one that was changed. */
export async function readBenchRecord(name: string): Promise<BenchRecord> {
  const text = await readText(name).catch((error: Error) => {
    throw error instanceof UsageError ? error : new UsageError(`cannot read "${name}": ${error.message}`);
  });
  try {
    return parseRecord(text);
  } catch (error) {
    throw error instanceof RecordError ? new UsageError(`"${name}" ${error.message}`) : error;
  }
}

/**
 * The same of one that is gone on with: it must tell that it was not changed.
 * @throws UsageError also for one of an older version, which cannot tell.
 */
export async function readSealedRecord(name: string): Promise<BenchRecord> {
  const record = await readBenchRecord(name);
  if (record.digest !== undefined) return record;
  throw new UsageError(
    `"${name}" has no digest, so it may have been changed: run it again with this version`,
  );
}
