/** Records as they are written, with a digest by which a change is found when they are read. */
import { ZeropageError } from "../base/errors.js";
import { headed, plainJson, SCHEMA } from "../report/json.js";
import { hashOf } from "./identity.js";
import type { BenchRecord } from "./record.js";
import { RECORD } from "./record-shape.js";

/** What is read is no record, or not as it was written. */
export class RecordError extends ZeropageError {
  override name = "RecordError";
}

/** A record as JSON, with its digest. */
export function recordText(record: BenchRecord): string {
  const whole = headed(record, record.version);
  return plainJson({ ...whole, digest: digestOf(whole) });
}

function digestOf(record: BenchRecord): string {
  const { digest: _, ...rest } = record;
  return hashOf(Buffer.from(JSON.stringify(rest)));
}

/**
 * The record in a text.
 * @throws RecordError, saying in words what is wrong, for any other text, and for a record that was changed.
 */
export function parseRecord(text: string): BenchRecord {
  const record = parseJson(text) as BenchRecord;
  if ((record as unknown) === null || record.scenario !== "bench") {
    throw new RecordError("is not a record of zeropage bench: name a file that --output or --json wrote");
  }
  const { schema = SCHEMA, version } = record;
  if (schema > SCHEMA) {
    throw new RecordError(
      `was written by zeropage ${version}, in a form that this one does not know: use that`,
    );
  }
  const odd = RECORD(record, "");
  if (odd) throw new RecordError(`is not a record of zeropage bench as it writes them: ${odd}`);
  if (record.digest !== undefined && record.digest !== digestOf(record)) {
    throw new RecordError("was changed after it was written: run it again");
  }
  return record;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RecordError(`is not JSON, or not all of it: ${(error as Error).message}`);
  }
}
