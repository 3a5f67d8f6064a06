import { recordText } from "../compare/digest.js";
import { mergeShards, type ShardFile } from "../compare/merge.js";
import { type BenchFormFlags, prepareBenchForms } from "./bench-forms.js";
import { readSealedRecord } from "./bench-record.js";
import type { Environment } from "./environment.js";
import { prepareFile } from "./outfile.js";

/** The flags of `zeropage merge`, as typed. */
export interface MergeFlags extends BenchFormFlags {
  output?: string;
}

/** Makes one report of the files of all shards. @throws MergeError for files that are not the shards of one run. */
export async function mergeCommand(
  files: readonly string[],
  flags: MergeFlags,
  environment: Environment,
): Promise<void> {
  const print = await prepareBenchForms(flags);
  const output = flags.output === undefined ? undefined : prepareFile("--output", flags.output);
  const record = mergeShards(await Promise.all(files.map(readShard)));
  output?.write(recordText(record));
  await print(record, environment);
}

async function readShard(name: string): Promise<ShardFile> {
  return { name, record: await readSealedRecord(name) };
}
