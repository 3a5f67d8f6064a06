import { UsageError } from "../base/errors.js";
import type { BenchRecord } from "../compare/record.js";
import { readText } from "./infile.js";

/** Reads a record that `zeropage bench` wrote. @throws UsageError for any other file. */
export async function readBenchRecord(name: string): Promise<BenchRecord> {
  let record: BenchRecord;
  try {
    record = JSON.parse(await readText(name));
  } catch (error) {
    throw new UsageError(`cannot read "${name}": ${(error as Error).message}`);
  }
  if (record?.scenario !== "bench" || !Array.isArray(record.results) || !record.parameters) {
    throw new UsageError(
      `"${name}" is not a record of zeropage bench: name a file that --output or --json wrote`,
    );
  }
  return record;
}
