/** Records of benchmarks as they are written and read. */
import type { BenchRecord } from "./record.js";
import { RECORD } from "./record-shape.js";
import { parseSealed, sealedText } from "./sealed.js";

/** A record as JSON, with its digest. */
export const recordText = (record: BenchRecord): string => sealedText(record);

/** The record in a text. @throws RecordError as `parseSealed` does */
export const parseRecord = (text: string): BenchRecord =>
  parseSealed<BenchRecord>(text, {
    ...{ scenario: "bench", command: "zeropage bench", flags: "--output or --json", shape: RECORD },
  });
