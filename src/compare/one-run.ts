/** Whether records are of one run: a shard, and another of the same; an interrupted one, and the plan that goes on with it. */
import { isDeepStrictEqual } from "node:util";
import { ZeropageError } from "../base/errors.js";
import type { Shard } from "./record.js";

/** The records do not belong to one run. */
export class MergeError extends ZeropageError {
  override name = "MergeError";
}

/** What decides what a run does, in parts that can be named where two differ. */
export interface RunParts {
  settings: Readonly<Record<string, unknown>>;
  /** What there are several of, such as traces. */
  lists: Readonly<Record<string, readonly { name: string }[]>>;
}

/** What a record must have to be of a run. */
export interface PartOfRun {
  /** A hash of all that decides what the run does. */
  identity: string;
  complete: boolean;
  shard: Shard | null;
}

/** A kind of run, and what is asked of its records. */
export interface RunKind<Kind extends PartOfRun> {
  command: string;
  /** What its records must have in common, in words. */
  common: string;
  /** What the identity of a record ought to be. */
  identityOf(record: Kind): string;
  partsOf(record: Kind): RunParts;
}

/** A record of a run, and the file it is from. */
export interface RunFile<Kind extends PartOfRun> {
  name: string;
  record: Kind;
}

/** In what two runs differ: `rounds (11 and 3) and modules (mine)`, or an empty text. */
function differenceOf<Kind extends PartOfRun>(one: Kind, other: Kind, { partsOf }: RunKind<Kind>): string {
  if (one.identity === other.identity) return "";
  const [these, those] = [partsOf(one), partsOf(other)];
  const settings = Object.keys(these.settings)
    .filter((name) => these.settings[name] !== those.settings[name])
    .map((name) => `${name} (${these.settings[name]} and ${those.settings[name]})`);
  const lists = Object.keys(these.lists).flatMap((list) => {
    const names = namesOfDifferent(these.lists[list] ?? [], those.lists[list] ?? []);
    return names ? [`${list} (${names})`] : [];
  });
  const differences = [...settings, ...lists].join(" and ");
  return differences || `the order of ${Object.keys(these.lists).join(" or ")}`;
}

/** The names that only one list has, or that stand for different things in the two. */
function namesOfDifferent(these: readonly { name: string }[], those: readonly { name: string }[]): string {
  const known = (list: typeof these, one: { name: string }) =>
    list.some((other) => isDeepStrictEqual(one, other));
  const odd = [...these.filter((one) => !known(those, one)), ...those.filter((one) => !known(these, one))];
  return [...new Set(odd.map(({ name }) => name))].join(", ");
}

/** @throws MergeError unless the plan goes on with the record `before`, whose file is `name`: in what they differ, and what to do */
export function checkResumed<Kind extends PartOfRun>(
  plan: Kind,
  before: Kind,
  name: string,
  kind: RunKind<Kind>,
): void {
  if (before.identity !== kind.identityOf(before)) {
    throw new MergeError(`${name} was changed after it was written: start a new run`);
  }
  const shards = [before, plan].map(({ shard }) => (shard ? `${shard.index}/${shard.count}` : "none"));
  const difference =
    differenceOf(before, plan, kind) || (shards[0] !== shards[1] && `shard (${shards.join(" and ")})`);
  if (difference) {
    const remedy = `resume with the same ${kind.common}, or start a new run`;
    throw new MergeError(`${name} is of another run, which differs in ${difference}: ${remedy}`);
  }
}

/** @throws MergeError unless the files are all shards of one run: those that do not fit, and what to do */
export function checkShards<Kind extends PartOfRun>(
  files: readonly RunFile<Kind>[],
  kind: RunKind<Kind>,
): void {
  const [first] = files;
  if (!first) throw new MergeError("there is nothing to merge: name the files of all shards");
  for (const { name, record } of files) {
    if (!record.shard) throw new MergeError(`${name} is a whole run: merge files that --shard wrote`);
    if (!record.complete) throw new MergeError(`${name} was interrupted: run its shard again`);
    if (record.identity !== kind.identityOf(record)) {
      throw new MergeError(`${name} was changed after it was written: run its shard again`);
    }
    if (record.identity !== first.record.identity || record.shard.count !== first.record.shard?.count) {
      const difference = differenceOf(first.record, record, kind) || "number of shards";
      throw new MergeError(
        `${name} and ${first.name} are of different runs, which differ in ${difference}: run all shards with the same ${kind.common}`,
      );
    }
  }
  checkNumbers(files, kind.command);
}

function checkNumbers(files: readonly RunFile<PartOfRun>[], command: string): void {
  const count = files[0]?.record.shard?.count as number;
  const holders = Array.from({ length: count }, (_, at) =>
    files.filter(({ record }) => record.shard?.index === at + 1).map(({ name }) => name),
  );
  const doubled = holders.find((names) => names.length > 1);
  if (doubled) throw new MergeError(`${doubled.join(" and ")} are the same shard: leave one out`);
  const missing = holders.flatMap((names, at) => (names.length === 0 ? [`${at + 1}/${count}`] : []));
  if (missing.length > 0) {
    throw new MergeError(
      `there is no shard ${missing.join(", ")}: run ${command} with --shard ${missing[0]}`,
    );
  }
}
