/** What people read of processes that fork: a row for each program, and a sentence that says why. */

import { formatBytes, formatCount } from "../../base/bytes.js";
import { formatCell, formatSeconds, formatShare, formatSize } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import { type ColumnOf, plainColumns, rowOf, type Sheet, type Tone } from "../../report/sheet.js";
import type { ForkLoad, ForkProgram, ForkReport, ForkResult } from "../../results/fork.js";
import type { SetSizes } from "../../sandbox/processes.js";
import { costsNote } from "../costs-note.js";

type ForkColumn = ColumnOf<[ForkResult]>;

/** Of the parent, and of its last child: all have done the same. */
export const parentOf = ({ processes }: ForkResult) => processes[0] as SetSizes;
export const childOf = ({ processes }: ForkResult) => processes.at(-1) as SetSizes;

const right = (header: readonly string[], text: ForkColumn["text"], spare?: number): ForkColumn => ({
  ...{ header, align: "right" as const, text },
  ...(spare !== undefined && { spare }),
});

const sizes = (who: string, of: (result: ForkResult) => SetSizes, spare: number): ForkColumn[] => [
  right([who, "RSS"], (result) => formatCell(of(result).resident), spare),
  right([who, "PSS"], (result) => formatCell(of(result).proportional), spare + 1),
  right([who, "USS"], (result) => formatCell(of(result).unique), spare + 2),
];

const COLUMNS: readonly ForkColumn[] = [
  { header: ["allocator"], align: "left", text: allocatorLabel },
  { header: ["program"], align: "left", text: ({ program }) => program },
  right(["copied", "pages"], ({ working, afterwards }) => formatCount(working.copies + afterwards.copies)),
  right(["copied", "bytes"], ({ working, afterwards }) =>
    formatCell(working.copiedBytes + afterwards.copiedBytes),
  ),
  right(
    ["zero", "fills"],
    ({ working, afterwards }) => formatCount(working.zeroFills + afterwards.zeroFills),
    7,
  ),
  right(["reuse", "faults"], ({ working, afterwards }) => formatCount(working.reuses + afterwards.reuses)),
  ...sizes("parent's", parentOf, 1),
  ...sizes("a child's", childOf, 4),
  right(["", "together"], ({ together }) => formatCell(together)),
  right(["", "separate"], ({ separate }) => formatCell(separate), 8),
  {
    ...right(["", "saved"], ({ saved, separate }) => formatShare(saved, separate)),
    tone: ({ saved, separate }) => toneOf(saved / separate),
  },
  right(["simulated", "forked"], ({ simulated }) => formatSeconds(simulated.seconds)),
  right(["simulated", "separate"], (result) => formatSeconds(secondsApart(result)), 9),
];

/** Of two processes that share all, half is saved. */
function toneOf(share: number): Tone {
  if (share < 0.2) return "bad";
  return share > 0.4 ? "good" : "plain";
}

/** What memory would cost if each child loaded the data itself. */
export const secondsApart = ({ children, loading }: ForkResult) => children * loading.seconds;

/** One row per result, in order. */
export function forkSheet({ results, parameters }: ForkReport): Sheet {
  const allocators = new Set(results.map(allocatorLabel));
  return {
    heading: forkHeading(parameters),
    columns: plainColumns(COLUMNS),
    rows: results.map((result) => rowOf(COLUMNS, result)),
    sentences: [
      ...results.map((result) => sentence(result, parameters, allocators.size > 1)),
      "Set sizes are those before the children end. Time is what memory costs: from the first fork on, or if each child loaded the data itself.",
      "Forks, copies and reuses are priced as they were measured on Linux 6.18; to end a process has no price.",
      ...costsNote(
        results.map((result) => ({ allocator: allocatorLabel(result), costs: result.simulated.costs })),
      ),
    ],
  };
}

/** Says in one line what was run. */
export const forkHeading = ({ data, children }: ForkLoad) =>
  `a parent loads ${formatSize(data)} and forks ${childrenOf(children)} (a snapshot: one); then all do what the program says`;

const childrenOf = (children: number) => (children === 1 ? "1 child" : `${formatCount(children)} children`);

function sentence(result: ForkResult, load: ForkLoad, isNamed: boolean): string {
  const { program, children, together, separate, saved } = result;
  const name = isNamed ? `${allocatorLabel(result)}, ${program}` : program;
  const memory = `${formatCount(children + 1)} processes have ${formatBytes(together)} together instead of ${formatBytes(separate)}, ${formatShare(saved, separate)} less`;
  return `${name}: ${REASONS[program](result, load)} ${memory}${reused(result)}.`;
}

const share = (part: number) => formatShare(part, 1);
const pages = (count: number) => (count === 1 ? "1 page" : `${formatCount(count)} pages`);

function eachCopies(result: ForkResult): string {
  const each = Math.round(result.working.copies / result.children);
  return `each child copies ${formatCount(each)} of ${pages(sharedPages(result))}`;
}

/** Pages that a fork shares: as many as it copies entries, of which that of a huge page is one. */
function sharedPages({ working: { copies, copiedBytes }, forkedPages, loaded }: ForkResult): number {
  return copies === 0 ? forkedPages : Math.max(forkedPages, Math.round((loaded * copies) / copiedBytes));
}

/** What huge pages change, where there are any. */
function ofHugePages(result: ForkResult): string {
  const shared = sharedPages(result);
  if (result.forkedPages > shared / 2) return "";
  return ` Huge pages leave fork ${formatCount(result.forkedPages)} entries to copy instead of ${formatCount(shared)}, and a write copies one page of them all the same.`;
}

const REASONS: Record<ForkProgram, (result: ForkResult, load: ForkLoad) => string> = {
  read: () => "to read is to share.",
  write: (result, { written }) =>
    `each child writes ${share(written)}, and has a copy of that alone: ${eachCopies(result)}.`,
  iterate: (result) =>
    `to read an object is to write its reference count, so ${eachCopies(result)}; the array of pointers stays shared.`,
  collect: (result, { object }) =>
    object === "list"
      ? `the collector writes the header of each container: ${eachCopies(result)}.`
      : `the collector writes the headers of containers, which floats are not: ${eachCopies(result)}, the interpreter's own.`,
  freeze: () =>
    "the collector does not visit what gc.freeze() set aside, so nothing of it is copied. Iterating would still copy it.",
  snapshot: (result, { written, value }) =>
    `the parent changes ${share(written)} of the values of ${formatSize(value)}, and copies ${formatShare(result.working.copies, sharedPages(result))} of its pages, for each change copies a whole page.${ofHugePages(result)}`,
};

/** What is left for the parent, which does the same when the children have ended. */
function reused({ afterwards }: ForkResult): string {
  const { copies, reuses } = afterwards;
  if (copies + reuses === 0) return "";
  return `; when the children have ended, the parent takes ${formatCount(reuses)} reuse faults and copies ${copies === 0 ? "nothing" : pages(copies)}`;
}
