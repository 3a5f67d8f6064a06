import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { BenchRecord } from "./record.js";

/** The SHA-256 of the bytes, in hexadecimal. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** In what two runs differ that decides what is measured: `rounds (11 and 3) and modules (mine)`, or an empty text. */
export function differenceOf(one: BenchRecord, other: BenchRecord): string {
  if (one.identity === other.identity) return "";
  const [these, those] = [settingsOf(one), settingsOf(other)];
  const settings = Object.keys(these).filter((name) => these[name] !== those[name]);
  const differences = settings.map((name) => `${name} (${these[name]} and ${those[name]})`);
  const modules = namesOfDifferent(one.subjects, other.subjects);
  const traces = namesOfDifferent(one.traces, other.traces);
  if (modules) differences.push(`modules (${modules})`);
  if (traces) differences.push(`traces (${traces})`);
  return differences.join(" and ") || "the order of modules or traces";
}

/** All that a run was told, by name. */
export function settingsOf({ version, parameters, baseline }: BenchRecord): Record<string, unknown> {
  return { version, ...parameters, baseline };
}

/** The names that only one list has, or that stand for different things in the two. */
function namesOfDifferent(these: readonly { name: string }[], those: readonly { name: string }[]): string {
  const known = (list: typeof these, one: { name: string }) =>
    list.some((other) => isDeepStrictEqual(one, other));
  const odd = [...these.filter((one) => !known(those, one)), ...those.filter((one) => !known(these, one))];
  return [...new Set(odd.map(({ name }) => name))].join(", ");
}

/** A hash of what records must have in common to belong to one run. */
export function identityOf(
  plan: Pick<BenchRecord, "version" | "parameters" | "baseline" | "subjects" | "traces">,
) {
  const { version, parameters, baseline, subjects, traces } = plan;
  const settings = Object.entries(parameters).sort(([one], [other]) => (one < other ? -1 : 1));
  return hashOf(Buffer.from(JSON.stringify({ version, settings, baseline, subjects, traces })));
}
