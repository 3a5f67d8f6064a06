import { UsageError } from "../base/errors.js";
import { checkResumed, MergeError } from "../compare/one-run.js";
import { RecordError } from "../compare/sealed.js";
import { emptyRecord, TUNE_RUN, type TunePlan, type TuneRecord } from "../tune/record.js";
import { parseTuneRecord } from "../tune/record-shape.js";
import { readRecordText } from "./bench-record.js";
import { parseShard } from "./shard.js";

/** The flags of a search that is kept, as typed. */
export interface TuneRecordFlags {
  shard?: string;
  output?: string;
  resume?: string;
}

/** The record in a text that was read from a file. @throws UsageError for anything else */
export function tuneRecordIn(text: string, name: string): TuneRecord {
  try {
    return parseTuneRecord(text);
  } catch (error) {
    throw error instanceof RecordError ? new UsageError(`"${name}" ${error.message}`) : error;
  }
}

/** Which part is run, of so many allocators; null for all. @throws UsageError for one that has nothing to do, or nowhere to keep it */
export function chooseShard(
  { shard: text, output, resume }: TuneRecordFlags,
  allocators: number,
): TuneRecord["shard"] {
  if (text === undefined) return null;
  const shard = parseShard(text);
  if (shard.count > allocators) {
    const most = `each allocator is searched by one machine, so there are at most ${allocators} shards here`;
    throw new UsageError(`--shard: "${text}" has nothing to do: ${most}`);
  }
  if (output === undefined && resume === undefined) {
    throw new UsageError("--shard: name a file by --output, which zeropage merge reads");
  }
  return shard;
}

/** The record to fill: empty, or that of the run that is resumed. @throws UsageError if that is another run's */
export async function recordToFill(
  plan: TunePlan,
  shard: TuneRecord["shard"],
  resumed: string | undefined,
): Promise<TuneRecord> {
  const empty = emptyRecord(plan, shard);
  if (resumed === undefined) return empty;
  const before = tuneRecordIn(await readRecordText(resumed), resumed);
  try {
    checkResumed(empty, before, resumed, TUNE_RUN);
  } catch (error) {
    throw error instanceof MergeError ? new UsageError(`--resume: ${error.message}`) : error;
  }
  return { ...empty, results: before.results };
}
