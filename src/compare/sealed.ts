/** Records as they are written to be read again, with a digest by which a change is found. */
import { ZeropageError } from "../base/errors.js";
import type { Shape } from "../base/shape.js";
import { headed, plainJson, SCHEMA } from "../report/json.js";
import { hashOf } from "./identity.js";

/** What is read is no record, or not as it was written. */
export class RecordError extends ZeropageError {
  override name = "RecordError";
}

/** A kind of record, and what wrote it. */
export interface RecordKind {
  scenario: string;
  command: string;
  /** The flags that write such a record. */
  flags: string;
  shape: Shape;
}

/** What all such records have. */
interface Sealed {
  schema?: number;
  scenario: string;
  version: string;
  digest?: string;
}

/** A record as JSON, with its digest. */
export function sealedText(record: Sealed): string {
  const whole = headed(record, record.version);
  return plainJson({ ...whole, digest: digestOf(whole) });
}

function digestOf(record: Sealed): string {
  const { digest: _, ...rest } = record;
  return hashOf(Buffer.from(JSON.stringify(rest)));
}

/**
 * The record of this kind in a text.
 * @throws RecordError, saying in words what is wrong, for any other text, and for a record that was changed.
 */
export function parseSealed<Kind extends Sealed>(text: string, kind: RecordKind): Kind {
  const { scenario, command, flags, shape } = kind;
  const record = parseJson(text) as Kind;
  if ((record as unknown) === null || record.scenario !== scenario) {
    throw new RecordError(`is not a record of ${command}: name a file that ${flags} wrote`);
  }
  const { schema = SCHEMA, version } = record;
  if (schema > SCHEMA) {
    throw new RecordError(
      `was written by zeropage ${version}, in a form that this one does not know: use that`,
    );
  }
  const odd = shape(record, "");
  if (odd) throw new RecordError(`is not a record of ${command} as it writes them: ${odd}`);
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
