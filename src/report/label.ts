import { exactBytes } from "../base/numbers.js";
import type { OptionValues, Parameters, Report, Result } from "../results/results.js";

/** Names an allocator as the command line takes it: `libmalloc:zeroing=dirty:memory=64GiB`. */
export function allocatorLabel(it: { allocator: string; options: OptionValues }): string {
  return [it.allocator, ...Object.entries(it.options).map(([name, value]) => `${name}=${show(value)}`)].join(
    ":",
  );
}

/** Names the run of a report in one line: what was done, how often, and with which parameters. */
export function heading(report: Report): string {
  const of = (name: string) => parameter(report, name);
  if (report.scenario === "calloc-loop") {
    const written = Number(of("written") ?? 0);
    const between =
      written === 0 ? "nothing written between" : `${Math.round(written * 1e6) / 1e4}% written between`;
    return `p = calloc(1, n); free(p), ${Number(of("count") ?? 1).toLocaleString("en-US")} times, ${between}`;
  }
  const { operations, failedAllocations: _, ...others } = parameters(report);
  const rest = Object.entries(others).map(([name, value]) => `${name} ${value}`);
  if (operations !== undefined) rest.push(`${Number(operations).toLocaleString("en-US")} operations`);
  return rest.length > 0 ? `${report.scenario}: ${rest.join(", ")}` : report.scenario;
}

/** A parameter that holds for the whole report: its own, or else the one its results share. */
export function parameter(report: Report, name: string): string | number | undefined {
  return parameters(report)[name];
}

/** The size of block a result is about, where it is about one. */
export function blockBytes(result: Result): number | undefined {
  const bytes = result.parameters.bytes;
  return typeof bytes === "number" ? bytes : undefined;
}

function parameters(report: Report): Parameters {
  const [first, ...others] = report.results.map((result) => Object.entries(result.parameters));
  const shared = (first ?? []).filter(([name, value]) =>
    others.every((other) => other.some(([key, its]) => key === name && its === value)),
  );
  return { ...report.parameters, ...Object.fromEntries(shared) };
}

function show(value: string | number): string {
  return typeof value === "number" ? exactBytes(value) : value;
}
