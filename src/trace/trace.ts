/** Some consecutive operations. `records` holds `count` records (records.ts) and is only valid until the next chunk is asked for. */
export interface TraceChunk {
  records: Uint8Array;
  count: number;
}

/** What the format could not say, for the report of an import. */
export interface TraceNotes {
  /** Name of the format (formats.ts). */
  format: string;
  /** Sentences such as "this format does not record calloc". */
  losses: string[];
}

/** A readable trace: chunks in order, in constant memory. It can be read once. */
export interface Trace extends AsyncIterable<TraceChunk> {
  readonly notes: TraceNotes;
}
