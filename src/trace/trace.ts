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
  /** The names of the marks met so far, by number; absent if there is none. */
  marks?: readonly string[];
  /** The names of the sites met so far, by number, of which 0 is `unknown`; absent if none was named. */
  sites?: readonly string[];
  /** How many threads there are so far, the main one included; absent if there is only that. */
  threads?: number;
  /** How many processes there are so far, the first one included; absent if there is only that. */
  processes?: number;
}

/** A readable trace: chunks in order, in constant memory. It can be read once. */
export interface Trace extends AsyncIterable<TraceChunk> {
  readonly notes: TraceNotes;
}
