/** Compares two records, such as of an allocator before and after a change. */
import { isDeepStrictEqual } from "node:util";
import { seeded } from "../base/random.js";
import { type Ratio, ratioBetweenRuns } from "../base/statistics.js";
import { settingsOf } from "./identity.js";
import type { BenchRecord, Clock, Done, DriverResult, Timings } from "./record.js";

/** How sure it is that a time changed: `unknown` where machines differ, or rounds are too few. */
export type Verdict = "faster" | "slower" | "noise" | "unknown";

/** What an allocator took on a trace, in both records, and how that changed. */
export interface ComparedTime {
  /** Nanoseconds per operation, steady: the lower quartile of CPU time, or the median on the wall. */
  old: number;
  new: number;
  clock: Clock;
  /** New to old; null where the machines differ. */
  ratio: Ratio | null;
  /** The same as multiples of the baseline's, which cancels the machine; null where the baseline is another, or this one. */
  toBaseline: Ratio | null;
  verdict: Verdict;
}

export interface ComparedResult {
  subject: string;
  trace: string;
  /** How it came through: done, exhausted, late or failed. */
  states: { old: string; new: string };
  /** Null unless it came through both times. */
  time: ComparedTime | null;
  counts: { old: ComparedCounts; new: ComparedCounts } | null;
}

/** What does not depend on the machine. Null for what was not metered, or in a record of an earlier version. */
export interface ComparedCounts {
  memory: number;
  resident: number | null;
  touched: number | null;
  zeroed: number | null;
}

/** Two records, compared. */
export interface BenchComparison {
  scenario: "bench-comparison";
  old: string;
  new: string;
  /** Sentences on what else differs: modules, traces, settings, machines. */
  differences: string[];
  results: ComparedResult[];
  /** By trace: the driver's own time, new to old, which says how the machine did. */
  drivers: { trace: string; ratio: Ratio }[];
}

export interface NamedRecord {
  name: string;
  record: BenchRecord;
}

/** Compares what both have: allocators and traces of the same names, where the traces are the same. */
export function compareRecords(before: NamedRecord, after: NamedRecord): BenchComparison {
  const [old, fresh] = [before.record, after.record];
  const sameMachine = isDeepStrictEqual(machinesOf(old), machinesOf(fresh));
  const sameBaseline =
    old.baseline === fresh.baseline &&
    hashIn(old.subjects, old.baseline) === hashIn(fresh.subjects, old.baseline);
  const common = old.traces.filter(({ name, hash }) => hashIn(fresh.traces, name) === hash);
  const pair: Pair = { old, new: fresh, sameMachine, baseline: sameBaseline ? old.baseline : null };
  return {
    scenario: "bench-comparison",
    ...{ old: before.name, new: after.name },
    differences: differencesOf(pair),
    results: common.flatMap(({ name: trace }) =>
      old.subjects.flatMap(({ name }) => compared(pair, name, trace) ?? []),
    ),
    drivers: sameMachine ? common.flatMap(({ name }) => comparedDriver(pair, name) ?? []) : [],
  };
}

interface Pair {
  old: BenchRecord;
  new: BenchRecord;
  sameMachine: boolean;
  /** The baseline of both, if it is the same module. */
  baseline: string | null;
}

const machinesOf = ({ hosts }: BenchRecord): string[] =>
  [...new Set(hosts.map(({ description }) => description))].sort();

const hashIn = (list: readonly { name: string; hash: string }[], name: string): string | undefined =>
  list.find((one) => one.name === name)?.hash;

const outcomeIn = ({ results }: BenchRecord, subject: string, trace: string) =>
  results.find((one) => one.subject === subject && one.trace === trace)?.outcome;

function compared(pair: Pair, subject: string, trace: string): ComparedResult | undefined {
  const [before, after] = [outcomeIn(pair.old, subject, trace), outcomeIn(pair.new, subject, trace)];
  if (!before || !after) return undefined;
  const states = { old: before.state, new: after.state };
  if (before.state !== "done" || after.state !== "done")
    return { subject, trace, states, time: null, counts: null };
  const counts = { old: countsOf(before), new: countsOf(after) };
  return { subject, trace, states, time: timeOf(pair, subject, trace, before, after), counts };
}

function countsOf({ counts: { memory, utilisations, metered } }: Done): ComparedCounts {
  return {
    memory: memory.peak,
    resident: utilisations?.resident ?? null,
    touched: metered?.touched.either ?? null,
    zeroed: metered?.zeroed.bytes ?? null,
  };
}

/** The quantile that is compared. */
const PART = { cpu: 0.25, wall: 0.5 } as const satisfies Record<Clock, number>;

const timesBy = (clock: Clock, of: Timings & { cpu: Timings | null }): Timings =>
  clock === "cpu" ? (of.cpu ?? of) : of;

function timeOf(pair: Pair, subject: string, trace: string, before: Done, after: Done): ComparedTime {
  const clock = before.cpu && after.cpu ? "cpu" : "wall";
  const of = (outcome: Done) => timesBy(clock, outcome).steady;
  const random = () => seeded(pair.new.parameters.seed);
  const [old, fresh] = [of(before), of(after)];
  const samples = (outcome: Done) => ({ values: of(outcome).samples });
  const ratio = pair.sameMachine
    ? ratioBetweenRuns(samples(after), samples(before), random(), PART[clock])
    : null;
  const runs = [after, before].map((outcome, i) => {
    const record = i === 0 ? pair.new : pair.old;
    const baseline = pair.baseline === null ? undefined : outcomeIn(record, pair.baseline, trace);
    if (baseline?.state !== "done" || subject === pair.baseline) return undefined;
    const [values, yardstick] = [of(outcome).samples, of(baseline).samples];
    const rounds = Math.min(values.length, yardstick.length);
    return { values: values.slice(0, rounds), yardstick: yardstick.slice(0, rounds) };
  });
  const [later, earlier] = runs;
  const toBaseline = later && earlier ? ratioBetweenRuns(later, earlier, random(), PART[clock]) : null;
  const figure = clock === "cpu" ? "low" : "median";
  return {
    ...{ old: old[figure], new: fresh[figure], clock, ratio, toBaseline },
    verdict: verdictOf(toBaseline ?? ratio),
  };
}

function verdictOf(ratio: Ratio | null): Verdict {
  if (ratio === null || ratio.low === null || ratio.high === null) return "unknown";
  if (ratio.low > 1) return "slower";
  return ratio.high < 1 ? "faster" : "noise";
}

function comparedDriver(pair: Pair, trace: string): { trace: string; ratio: Ratio } | undefined {
  const of = ({ drivers }: BenchRecord) => (drivers ?? []).find((one: DriverResult) => one.trace === trace);
  const [before, after] = [of(pair.old), of(pair.new)];
  if (!before || !after) return undefined;
  const clock = before.cpu && after.cpu ? "cpu" : "wall";
  const samples = (one: DriverResult) => ({ values: timesBy(clock, one).steady.samples });
  const random = seeded(pair.new.parameters.seed);
  return { trace, ratio: ratioBetweenRuns(samples(after), samples(before), random, PART[clock]) };
}

function differencesOf({ old, new: fresh, sameMachine, baseline }: Pair): string[] {
  const machines = `the machines differ (${machinesOf(old).join("; ")} before, ${machinesOf(fresh).join("; ")} now)`;
  const cancelled =
    baseline === null ? "no time can be compared" : `times are compared as multiples of ${baseline}'s`;
  return [
    ...listed("module", old.subjects, fresh.subjects),
    ...listed("trace", old.traces, fresh.traces),
    ...settings(old, fresh),
    ...(sameMachine ? [] : [`${machines}: ${cancelled}`]),
    ...[old, fresh].flatMap(({ complete }, i) =>
      complete ? [] : [`the ${i === 0 ? "old" : "new"} run was interrupted`],
    ),
  ];
}

/** What one list has and the other has not, or has otherwise. */
function listed(
  what: string,
  old: readonly { name: string; hash: string }[],
  fresh: readonly { name: string; hash: string }[],
): string[] {
  const changed = old.filter(({ name, hash }) => ![hash, undefined].includes(hashIn(fresh, name)));
  const gone = old.filter(({ name }) => hashIn(fresh, name) === undefined);
  const added = fresh.filter(({ name }) => hashIn(old, name) === undefined);
  const consequence = what === "trace" ? ", and is not compared" : "";
  return [
    ...changed.map(({ name }) => `the ${what} ${name} is another${consequence}`),
    ...gone.map(({ name }) => `the ${what} ${name} is in the old record only`),
    ...added.map(({ name }) => `the ${what} ${name} is in the new record only`),
  ];
}

function settings(old: BenchRecord, fresh: BenchRecord): string[] {
  const [these, those] = [settingsOf(old), settingsOf(fresh)];
  const names = [...new Set([...Object.keys(these), ...Object.keys(those)])];
  return names
    .filter((name) => these[name] !== those[name])
    .map((name) => `${name} was ${these[name] ?? "not there"}, and is ${those[name] ?? "not there"}`);
}
