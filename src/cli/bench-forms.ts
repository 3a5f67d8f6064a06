import type { BenchRecord } from "../compare/record.js";
import { benchSheet } from "../compare/table.js";
import { benchstatReport, githubReport } from "../compare/tools.js";
import { jsonReport } from "../report/json.js";
import { renderMarkdown } from "../report/markdown.js";
import { renderTable } from "../report/table.js";
import type { Host } from "./host.js";
import { prepareFile } from "./outfile.js";
import { wantsColour } from "./output.js";

/** The flags that choose forms of a bench's record. The parser lets at most one of those to stdout through. */
export interface BenchFormFlags {
  json?: boolean;
  github?: boolean;
  benchstat?: boolean;
  markdown?: boolean;
  html?: string;
}

const FORMS: Record<keyof Omit<BenchFormFlags, "html">, (record: BenchRecord) => string> = {
  json: jsonReport,
  github: githubReport,
  benchstat: benchstatReport,
  markdown: (record) => renderMarkdown(benchSheet(record)),
};

/** Checks where output goes, before any work. Returns what writes it. */
export async function prepareBenchForms(
  flags: BenchFormFlags,
): Promise<(record: BenchRecord, host: Host) => Promise<void>> {
  const html = flags.html === undefined ? undefined : await prepareFile("--html", flags.html);
  const form = (Object.keys(FORMS) as (keyof typeof FORMS)[]).find((name) => flags[name]);
  return async (record, { stdout, stderr, env }) => {
    const colour = wantsColour(env, stdout.isTTY);
    stdout.write(form ? FORMS[form](record) : renderTable(benchSheet(record), { colour }));
    if (!html) return;
    const { benchHtml } = await import("../compare/html.js");
    html.writeNow(await benchHtml(record));
    stderr.write(`wrote ${html.path}\n`);
  };
}
