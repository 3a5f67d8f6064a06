/**
 * What comparisons by hand found. Each writes what it did into records.json (`--record`), which is committed; the page
 * HOW-SURE.md is made of it. So a figure there is one that a comparison wrote.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** One comparison. */
export interface Evidence {
  /** What was looked at: an id of subjects.ts. */
  subject: string;
  /** The real thing, to its version, or what stands for it. */
  against: string;
  /** What it was given, so that it can be done again: "random traces, seeds 0..999". */
  inputs: string;
  /** Inputs, and operations in all of them. */
  count: number;
  operations: number;
  /** Inputs on which the two parted. */
  differing: number;
}

const FILE = new URL("./records.json", import.meta.url);

export function readEvidence(): Evidence[] {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

/** Adds a comparison. One of the same subject, against the same, on the same inputs takes the place of the earlier one. */
export function recordEvidence(evidence: Evidence): void {
  writeFileSync(FILE, `${JSON.stringify(withEvidence(readEvidence(), evidence), null, 2)}\n`);
}

export function withEvidence(all: readonly Evidence[], evidence: Evidence): Evidence[] {
  const key = ({ subject, against, inputs }: Evidence) => JSON.stringify([subject, against, inputs]);
  const others = all.filter((one) => key(one) !== key(evidence));
  return [...others, evidence].sort((one, other) => (key(one) < key(other) ? -1 : 1));
}
