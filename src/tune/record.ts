/**
 * What a search keeps of itself, so that it can go on, or be dealt out to several machines: every candidate that was run.
 * All of it is exact, so what is written of a run that was interrupted, or merged of shards, is to the byte that of one
 * that was neither.
 */
import type { TouchPolicy } from "../allocator/access.js";
import { hashOf } from "../compare/identity.js";
import type { PartOfRun, RunKind } from "../compare/one-run.js";
import type { CostProfile } from "../costs/profile.js";
import { allocatorLabel } from "../report/label.js";
import type { TuneGoal, TuneReport } from "../results/tune.js";
import { type Candidate, candidateKey, type Evaluation, type NamedTrace } from "./evaluate.js";

/** A trace, without what is in it. */
export interface TuneTrace {
  name: string;
  operations: number;
  threads?: number;
  published?: string;
  /** SHA-256 of its records. */
  hash: string;
}

/** A candidate, and what became of it. */
export interface TuneEntry extends Candidate {
  evaluation: Evaluation;
}

export interface TuneRecord extends PartOfRun {
  schema?: number;
  scenario: "tune-search";
  version: string;
  digest?: string;
  parameters: { goal: TuneGoal; touch: TouchPolicy; settings: number };
  /** Null for the profile of the kernel. */
  costs: CostProfile | null;
  allocators: readonly Candidate[];
  traces: readonly TuneTrace[];
  /** In the order in which they are tried; of a run that is not complete, in which they were done. */
  results: TuneEntry[];
}

/** What decides what a search comes to. */
export type TunePlan = Pick<TuneRecord, "version" | "parameters" | "costs" | "allocators" | "traces">;

export function traceInfo({ name, count, records, notes: { threads }, published }: NamedTrace): TuneTrace {
  return {
    ...{ name, operations: count },
    ...(threads && { threads }),
    ...(published && { published }),
    hash: hashOf(records),
  };
}

/** The record of a search that has not begun. */
export function emptyRecord(plan: TunePlan, shard: TuneRecord["shard"]): TuneRecord {
  const { version, ...rest } = plan;
  const identity = identityOf(plan);
  return {
    ...{ scenario: "tune-search", version, identity, complete: false, shard },
    ...{ ...rest, results: [] },
  };
}

function identityOf({ version, parameters, costs, allocators, traces }: TunePlan): string {
  const { goal, touch, settings } = parameters;
  return hashOf(Buffer.from(JSON.stringify({ version, goal, touch, settings, costs, allocators, traces })));
}

/** What is asked of the records of a search. */
export const TUNE_RUN: RunKind<TuneRecord> = {
  command: "zeropage tune",
  common: "version, allocators, traces and options",
  identityOf,
  partsOf: ({ version, parameters, costs, allocators, traces }) => ({
    settings: { version, ...parameters },
    lists: {
      allocators: allocators.map((one) => ({ ...one, name: allocatorLabel(one) })),
      traces,
      "cost profiles": costs ? [costs] : [],
    },
  }),
};

/** Candidates that were run, by what they are. */
export class TuneLog {
  readonly #entries = new Map<string, TuneEntry>();

  /** @param plan the record to fill; what is in it is known */
  constructor(private readonly plan: TuneRecord) {
    for (const entry of plan.results) this.#entries.set(candidateKey(entry), entry);
  }

  readonly known = (candidate: Candidate): Evaluation | undefined =>
    this.#entries.get(candidateKey(candidate))?.evaluation;

  add({ allocator, options }: Candidate, evaluation: Evaluation): void {
    this.#entries.set(candidateKey({ allocator, options }), { allocator, options, evaluation });
  }

  /** The record until now. */
  sofar(): TuneRecord {
    return { ...this.plan, complete: false, results: [...this.#entries.values()] };
  }

  /** The record of a search that has ended, in the order of its report. */
  ended({ ended, results }: TuneReport): TuneRecord {
    if (ended !== "converged" && ended !== "settings") return this.sofar();
    const tried = results.map((one) => this.#entries.get(candidateKey(one)) as TuneEntry);
    return { ...this.plan, complete: true, results: tried };
  }
}
