/** The page "How sure are we", made of what comparisons recorded. */
import { formatCount } from "../../src/base/bytes.js";
import type { GoldenFile, GoldenSequences } from "../oracle/golden.js";
import type { Evidence } from "./records.js";
import type { Subject } from "./subjects.js";

/** A golden file, and what it is of. */
export interface Recorded {
  subject: string;
  /** Where it is. */
  path: string;
  golden: GoldenFile | GoldenSequences;
}

const INTRODUCTION = `# How sure are we

For each model and version: what it was compared with, on how much, what is equal, what nobody looked at, and what is known
to differ. \`npm run evidence\` writes this page from [what comparisons recorded](evidence/records.json) and from the golden files, and a test
holds it to them. "In every test run" means that \`npm test\` compares it again.
`;

export function formatPage(
  subjects: readonly Subject[],
  evidence: readonly Evidence[],
  goldens: readonly Recorded[],
): string {
  return `${[INTRODUCTION, ...subjects.map((subject) => section(subject, evidence, goldens))].join("\n")}`;
}

function section(subject: Subject, evidence: readonly Evidence[], goldens: readonly Recorded[]): string {
  const { id, says, compared, notCompared, knownToDiffer } = subject;
  const rows = [
    ...goldens.filter((one) => one.subject === id).map(goldenRow),
    ...evidence.filter((one) => one.subject === id).map(evidenceRow),
  ];
  return [
    `## ${id}\n`,
    ...(says ? [`The model says of itself: ${says}.\n`] : []),
    ...(rows.length
      ? [`${HEADER}\n${rows.join("\n")}\n`, list("Compared", compared)]
      : ["Nothing was compared.\n"]),
    list("Not compared", notCompared),
    list("Known to differ", knownToDiffer),
  ].join("\n");
}

const HEADER = "| against | on | inputs | operations | differ |\n|---|---|--:|--:|--:|";

function row(against: string, inputs: string, count: number, operations: number, differing: string): string {
  return `| ${[against, inputs, formatCount(count), formatCount(operations), differing].join(" | ")} |`;
}

function evidenceRow({ against, inputs, count, operations, differing }: Evidence): string {
  return row(against, inputs, count, operations, formatCount(differing));
}

function goldenRow({ path, golden }: Recorded): string {
  const { glibc, package: release, kernel } = golden;
  const [count, operations] = sizeOf(golden);
  const layer = "layer" in golden ? `libpython ${golden.layer} over ` : "";
  const against = `${layer}glibc ${glibc} (${release}) on Linux ${kernel.split("-")[0]}`;
  return row(
    against,
    `recorded in [${path.split("/").at(-1)}](${path}), in every test run`,
    count,
    operations,
    "0",
  );
}

/** Traces and operations. */
function sizeOf(golden: Recorded["golden"]): [number, number] {
  if ("traces" in golden)
    return [golden.traces.length, golden.traces.reduce((sum, trace) => sum + trace.operations, 0)];
  const count = golden.hashes.length / 8;
  return [count, count * golden.calls];
}

function list(title: string, items: readonly string[]): string {
  return items.length === 0
    ? `${title}: nothing.\n`
    : `${title}:\n\n${items.map((item) => `- ${item}`).join("\n")}\n`;
}
