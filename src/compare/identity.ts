import { createHash } from "node:crypto";
import type { RunKind } from "./one-run.js";
import type { BenchRecord } from "./record.js";

/** The SHA-256 of the bytes, in hexadecimal. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** All that a run was told, by name. */
export function settingsOf({ version, parameters, baseline }: BenchRecord): Record<string, unknown> {
  return { version, ...parameters, baseline };
}

/** A hash of what records must have in common to belong to one run. */
export function identityOf(
  plan: Pick<BenchRecord, "version" | "parameters" | "baseline" | "subjects" | "traces">,
) {
  const { version, parameters, baseline, subjects, traces } = plan;
  const settings = Object.entries(parameters).sort(([one], [other]) => (one < other ? -1 : 1));
  return hashOf(Buffer.from(JSON.stringify({ version, settings, baseline, subjects, traces })));
}

/** What is asked of the records of a benchmark. */
export const BENCH_RUN: RunKind<BenchRecord> = {
  command: "zeropage bench",
  common: "version, modules, traces and options",
  identityOf,
  partsOf: (record) => ({
    settings: settingsOf(record),
    lists: { modules: record.subjects, traces: record.traces },
  }),
};
