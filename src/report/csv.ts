import { SYSCALLS } from "../allocator/counters.js";
import type {
  CallocFixesReport,
  CliffsReport,
  IterationCost,
  IterContentReport,
  Report,
  Result,
} from "../results/results.js";

type Scalar = string | number;
type Tree = { readonly [key: string]: Scalar | Tree };

/**
 * RFC 4180: a header and one flat row per result, each ended by CRLF. Names of nested figures are
 * joined by dots (`faults.zeroFill`); a column that a result does not have is left empty, as is NaN.
 */
export function csvReport(report: Report): string {
  return csvRows(report.results.map((result) => flatResult(report, result)));
}

/** The same of cliffs: a row per point. */
export function csvCliffs({ scenario, results }: CliffsReport): string {
  return csvRows(
    results.flatMap(({ allocator, options, costs, points }) =>
      points.map(({ bytes, cost, first, settledAfter, ...settled }) =>
        flatten({
          ...{ scenario, allocator, options, bytes, cost, ...costTree(settled) },
          ...(costs === undefined ? {} : { costs }),
          ...(settledAfter === undefined ? {} : { settledAfter }),
          first: costTree(first),
        }),
      ),
    ),
  );
}

/** The same of bodies read. */
export function csvIterContent({ scenario, results }: IterContentReport): string {
  return csvRows(
    results.map(({ bytesPerSecond, ...result }) =>
      flatten({
        scenario,
        ...(result as unknown as Tree),
        ...(bytesPerSecond !== null && { bytesPerSecond }),
      }),
    ),
  );
}

/** The same of fixes of calloc: a row per allocator and share. */
export function csvCallocFixes({ scenario, results }: CallocFixesReport): string {
  return csvRows(
    results.flatMap(({ allocator, options, costs, bytes, points }) =>
      points.map(({ share, pages, ...cost }) =>
        flatten({ scenario, allocator, options, bytes, share, pages, ...costTree(cost), costs }),
      ),
    ),
  );
}

/** With every kind of system call, so that all rows have the same columns. */
function costTree({ zeroed, faults, syscalls, simulatedSeconds }: IterationCost): Tree {
  const calls = Object.fromEntries(SYSCALLS.map((name) => [name, syscalls[name] ?? 0]));
  return { zeroed, faults, syscalls: calls, simulatedSeconds };
}

function csvRows(rows: readonly Map<string, Scalar>[]): string {
  const names = columnNames(rows);
  const lines = [names, ...rows.map((row) => names.map((name) => row.get(name) ?? ""))];
  return lines.map((cells) => `${cells.map(escapeCell).join(",")}\r\n`).join("");
}

function flatResult(report: Report, result: Result): Map<string, Scalar> {
  return flatten({
    scenario: report.scenario,
    allocator: result.allocator,
    options: result.options,
    parameters: { ...report.parameters, ...result.parameters },
    ...(result.cost === undefined ? {} : { cost: result.cost }),
    ...(result.counters as unknown as Tree),
    ...(result.simulated && { simulated: result.simulated as unknown as Tree }),
    hostSeconds: result.hostSeconds,
  });
}

/** Every column that any row has. Columns only later rows have go after the last one before them that is known. */
function columnNames(rows: readonly Map<string, Scalar>[]): string[] {
  const names: string[] = [];
  for (const row of rows) {
    let at = 0;
    for (const name of row.keys()) {
      const found = names.indexOf(name);
      if (found < 0) names.splice(at, 0, name);
      at = (found < 0 ? at : found) + 1;
    }
  }
  return names;
}

function flatten(tree: Tree, prefix = ""): Map<string, Scalar> {
  const flat = new Map<string, Scalar>();
  for (const [key, value] of Object.entries(tree)) {
    const leaves =
      typeof value === "object" ? flatten(value, `${prefix}${key}.`) : [[prefix + key, value] as const];
    for (const [name, leaf] of leaves) if (!Number.isNaN(leaf)) flat.set(name, leaf);
  }
  return flat;
}

function escapeCell(cell: Scalar): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
