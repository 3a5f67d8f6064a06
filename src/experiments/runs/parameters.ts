import type { Parameters, Report, Result } from "../../results/run.js";

/** The parameters that hold for a whole report: its own, and those that all its results share. */
export function sharedParameters(report: Report): Parameters {
  const [first, ...others] = report.results.map((result) => Object.entries(result.parameters));
  const shared = (first ?? []).filter(([name, value]) =>
    others.every((other) => other.some(([key, its]) => key === name && its === value)),
  );
  return { ...report.parameters, ...Object.fromEntries(shared) };
}

/** The size of block a result is about, where it is about one. */
export function blockBytes(result: Result): number | undefined {
  const bytes = result.parameters.bytes;
  return typeof bytes === "number" ? bytes : undefined;
}

/** Says in one line what was run: `replay: trace ls.txt, touch none, 173 operations`. */
export function runsHeading(scenario: string, parameters: Parameters): string {
  const { operations, failedAllocations: _, ...others } = parameters;
  const rest = Object.entries(others).map(([name, value]) => `${name} ${value}`);
  if (operations !== undefined) rest.push(`${Number(operations).toLocaleString("en-US")} operations`);
  return rest.length > 0 ? `${scenario}: ${rest.join(", ")}` : scenario;
}
