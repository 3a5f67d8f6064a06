import { UsageError } from "../base/errors.js";
import { recordText } from "../compare/digest.js";
import { mergeShards } from "../compare/merge.js";
import { sealedText } from "../compare/sealed.js";
import { mergeTunes } from "../tune/merge.js";
import { type BenchFormFlags, prepareBenchForms } from "./bench-forms.js";
import { readRecordText, sealedRecordIn } from "./bench-record.js";
import type { Environment } from "./environment.js";
import { type OutFile, prepareFile } from "./outfile.js";
import { printTune } from "./tune-forms.js";
import { tuneRecordIn } from "./tune-record.js";

/** The flags of `zeropage merge`, as typed. */
export interface MergeFlags extends BenchFormFlags {
  output?: string;
}

/** The text of a shard's record, and the file it is from. */
interface ShardText {
  name: string;
  text: string;
}

/**
 * Makes one report of the files of all shards, of a bench or of a tune. Returns the exit code.
 * @throws MergeError for files that are not the shards of one run
 */
export async function mergeCommand(
  files: readonly string[],
  flags: MergeFlags,
  environment: Environment,
): Promise<number> {
  const print = await prepareBenchForms(flags);
  const output = flags.output === undefined ? undefined : prepareFile("--output", flags.output);
  const shards = await Promise.all(files.map(async (name) => ({ name, text: await readRecordText(name) })));
  if (shards.some(({ text }) => isOfTune(text))) return mergeTune(shards, output, flags, environment);
  const record = mergeShards(shards.map(({ name, text }) => ({ name, record: sealedRecordIn(text, name) })));
  output?.write(recordText(record));
  await print(record, environment);
  return 0;
}

/** What is not JSON is told by whoever reads it. */
function isOfTune(text: string): boolean {
  try {
    return JSON.parse(text)?.scenario === "tune-search";
  } catch {
    return false;
  }
}

async function mergeTune(
  shards: readonly ShardText[],
  output: OutFile | undefined,
  flags: MergeFlags,
  environment: Environment,
): Promise<number> {
  const odd = (["github", "benchstat", "html"] as const).find((form) => flags[form]);
  if (odd) throw new UsageError(`--${odd}: it is for benchmarks, and these are records of zeropage tune`);
  const { record, report } = await mergeTunes(
    shards.map(({ name, text }) => ({ name, record: tuneRecordIn(text, name) })),
  );
  output?.write(sealedText(record));
  const whole = output ? output.path : "FILE";
  const text = `What it comes to where something is otherwise takes the traces: zeropage tune with --resume ${whole} runs that.\n`;
  return printTune(report, flags, environment, report.recommendation?.isBaseline === false ? { text } : {});
}
