import { UsageError } from "../base/errors.js";
import { compareRecords } from "../compare/comparison.js";
import { comparisonSheet, slowerThanBefore } from "../compare/comparison-table.js";
import { jsonReport } from "../report/json.js";
import { renderMarkdown } from "../report/markdown.js";
import { renderTable } from "../report/table.js";
import { readBenchRecord } from "./bench-record.js";
import type { Environment } from "./environment.js";
import { EXIT } from "./exit.js";
import { tableStyle } from "./terminal.js";

/** Flags that mean nothing for records that are there already. */
const OTHERS = [
  "trace",
  "workload",
  "baseline",
  "shard",
  "output",
  "resume",
  "html",
  "github",
  "benchstat",
] as const;

/** The flags of `zeropage bench --compare`, as typed. */
type CompareFlags = { [Flag in (typeof OTHERS)[number]]?: unknown } & { json?: boolean; markdown?: boolean };

/**
 * Compares two records that `zeropage bench` wrote. Returns the exit code.
 * @param most what may be slower, as a part, before that fails; null for all.
 */
export async function compareCommand(
  modules: readonly string[],
  files: readonly string[],
  flags: CompareFlags,
  most: number | null,
  { stdout, stderr, env, version }: Environment,
): Promise<number> {
  const [before, after] = files;
  if (before === undefined || after === undefined || files.length > 2) {
    throw new UsageError(`--compare: name two records, the old one first; there are ${files.length}`);
  }
  if (modules.length > 0) {
    throw new UsageError(`--compare: name no modules beside the two records, as "${modules[0]}" is`);
  }
  const other = OTHERS.find((flag) => flags[flag] !== undefined);
  if (other)
    throw new UsageError(`--compare: it reads records, and has no use for --${other}: leave that out`);
  const [old, fresh] = await Promise.all([before, after].map(readBenchRecord));
  if (!old || !fresh) throw new Error("internal: a record was not read");
  const comparison = compareRecords({ name: before, record: old }, { name: after, record: fresh });
  const sheet = comparisonSheet(comparison);
  if (flags.json) stdout.write(jsonReport(comparison, version));
  else if (flags.markdown) stdout.write(renderMarkdown(sheet));
  else stdout.write(renderTable(sheet, tableStyle({ stdout, env })));
  const slower = most === null ? [] : slowerThanBefore(comparison, most);
  for (const sentence of slower) stderr.write(`zeropage: ${sentence}\n`);
  return slower.length > 0 ? EXIT.failed : EXIT.ok;
}
