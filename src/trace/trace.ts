import { RecordKind } from "#shared/records";

export { RECORD_BYTES } from "#shared/records";

/** The kinds of operations, as records have them. */
export const OpKind = {
  malloc: RecordKind.Malloc,
  calloc: RecordKind.Calloc,
  aligned: RecordKind.Aligned,
  realloc: RecordKind.Realloc,
  free: RecordKind.Free,
  write: RecordKind.Write,
  read: RecordKind.Read,
} as const satisfies Record<Uncapitalize<keyof typeof RecordKind>, RecordKind>;
export type OpKind = (typeof OpKind)[keyof typeof OpKind];

/** Some consecutive operations. `records` holds `count` records and is only valid until the next chunk is asked for. */
export interface TraceChunk {
  records: Uint8Array;
  count: number;
}

/** What the format could not say, for the report of an import. */
export interface TraceNotes {
  format: "text" | "rep" | "valgrind";
  /** Sentences such as "this format does not record calloc". */
  losses: string[];
}

/** A readable trace: chunks in order, in constant memory. It can be read once. */
export interface Trace extends AsyncIterable<TraceChunk> {
  readonly notes: TraceNotes;
}
