import { OptionError } from "../base/errors.js";
import { joinWords } from "../base/numbers.js";
import type { ExperimentRecord } from "../experiments/experiment.js";
import { allocatorLabel } from "../report/label.js";
import type { Collected } from "./collect.js";
import type { Environment } from "./environment.js";
import { EXIT, reportError } from "./exit.js";
import type { OutFile } from "./outfile.js";
import { type Form, type Printable, printReport } from "./output.js";
import { writeLines } from "./terminal.js";

/** What a command adds to its report. */
export interface Extras {
  /** Lines for people, after the table. */
  text?: string;
  /** A chart to draw. */
  picture?: { file: OutFile; draw: () => string | Promise<string> };
}

/**
 * Ends a command: prints the results, reports what failed, and draws the picture. Without any
 * result, prints and draws nothing. Returns the exit code.
 */
export async function finish(
  report: Printable,
  form: Form,
  failed: Collected<unknown>["failed"],
  environment: Environment,
  { text = "", picture }: Extras,
): Promise<number> {
  if (report.record.results.length > 0) {
    printReport(report, form, environment);
    if (form === "table" && text !== "") environment.stdout.write(`\n${text}`);
  }
  writeNotes(report.record.results, environment);
  for (const { label, error } of failed) reportError(error, environment, label);
  if (picture && report.record.results.length > 0) await writePicture(picture, environment);
  if (failed.some(({ error }) => error instanceof OptionError)) return EXIT.usage;
  return failed.length > 0 ? EXIT.failed : EXIT.ok;
}

/** Writes the notes on allocators, each once. */
export function writeNotes(results: ExperimentRecord["results"], { stderr }: Environment): void {
  const labels = new Map<string, Set<string>>();
  for (const result of results) {
    if (result.allocator === undefined) continue;
    for (const note of result.notes ?? []) {
      labels.set(note, (labels.get(note) ?? new Set()).add(allocatorLabel(result)));
    }
  }
  for (const [note, names] of labels) writeLines(stderr, `note: ${namesOf([...names])}: ${note}\n`);
}

/** Names a few of them; of many the first. */
function namesOf(labels: readonly string[]): string {
  if (labels.length <= 2) return joinWords(labels);
  return `${labels[0]} and ${labels.length - 1} others`;
}

/** Draws a picture into its file, and says so. */
export async function writePicture(
  { file, draw }: NonNullable<Extras["picture"]>,
  { stderr }: Environment,
): Promise<void> {
  file.write(await draw());
  stderr.write(`wrote ${file.path}\n`);
}
