import type { BenchRecord } from "../compare/record.js";
import type { Sheet } from "../report/sheet.js";
import type { Environment } from "./environment.js";
import { prepareFile } from "./outfile.js";
import { tableStyle } from "./terminal.js";

/** The output forms that have a flag: its help, and how the form is made. */
export const BENCH_FORMS = {
  json: {
    help: "print the record as JSON",
    render: async (record: BenchRecord) => (await import("../compare/digest.js")).recordText(record),
  },
  github: {
    help: "print the record for github-action-benchmark",
    render: async (record: BenchRecord) => (await import("../compare/tools.js")).githubReport(record),
  },
  benchstat: {
    help: "print the record for benchstat",
    render: async (record: BenchRecord) => (await import("../compare/tools.js")).benchstatReport(record),
  },
  markdown: {
    help: "print the record as a Markdown table",
    async render(record: BenchRecord) {
      const { renderMarkdown } = await import("../report/markdown.js");
      return (await sheetsOf(record)).map(renderMarkdown).join("\n");
    },
  },
} as const;

/** The tables: of everything measured, and of single calls. */
async function sheetsOf(record: BenchRecord): Promise<Sheet[]> {
  const { benchSheet } = await import("../compare/table.js");
  const { latencySheet } = await import("../compare/latency-table.js");
  return [benchSheet(record), latencySheet(record) ?? []].flat();
}

/** The flags that choose output forms. The parser allows at most one of those that go to stdout. */
export type BenchFormFlags = { [Form in keyof typeof BENCH_FORMS]?: boolean } & { html?: string };

/** Checks, before any work, that the output can be written. Returns what writes it. */
export async function prepareBenchForms(
  flags: BenchFormFlags,
): Promise<(record: BenchRecord, environment: Environment) => Promise<void>> {
  const html = flags.html === undefined ? undefined : prepareFile("--html", flags.html);
  const form = (Object.keys(BENCH_FORMS) as (keyof typeof BENCH_FORMS)[]).find((name) => flags[name]);
  return async (record, { stdout, stderr, env }) => {
    const style = tableStyle({ stdout, env });
    const tables = async () => {
      const { renderTable } = await import("../report/table.js");
      return (await sheetsOf(record)).map((sheet) => renderTable(sheet, style)).join("\n");
    };
    stdout.write(await (form ? BENCH_FORMS[form].render(record) : tables()));
    if (!html) return;
    const { benchHtml } = await import("../compare/html.js");
    html.write(benchHtml(record));
    stderr.write(`wrote ${html.path}\n`);
  };
}
