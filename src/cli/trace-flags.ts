/** The flags that say how a trace is read. */
import { UsageError } from "../base/errors.js";
import { parseWord } from "../base/flags.js";
import { TRACE_FORMAT_NAMES } from "../trace/formats.js";
import type { ReadTraceOptions } from "../trace/read.js";

/** As typed. */
export interface ReadingFlags {
  format?: string;
  process?: string;
}

/** What they are called in help. */
export const PROCESS_HELP = "the process to read, by its number, of a trace that has several";

/** @throws UsageError */
export function readReadingFlags({ format, process }: ReadingFlags): ReadTraceOptions {
  return {
    ...(format !== undefined && { format: parseWord(format, "--format", TRACE_FORMAT_NAMES) }),
    ...(process !== undefined && { process: parseProcess(process) }),
  };
}

function parseProcess(text: string): number {
  if (/^\s*\d{1,15}\s*$/.test(text)) return Number(text);
  throw new UsageError(`--process: "${text}" is not the number of a process: write one such as 4711`);
}
