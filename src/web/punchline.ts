/** The point of two runs: both figures, and in one sentence what one did that the other did not, and what that costs. */

import { faultCount } from "../experiments/runs/verdict.js";
import { formatBytes, formatCount, type TimeParts } from "../index.js";
import {
  type Counted,
  countedOf,
  type Measure,
  measureOf,
  NEEDLESS,
  RESIDENT,
  ratioOf,
  TIME,
} from "./measure.js";
import { type Opened, SideError } from "./session.js";
import { formatChoice, type ViewState } from "./state.js";

/** A run with the name by which it is told of. */
interface Told extends Counted {
  name: string;
}

/** A part of the headline: plain, or a figure in the accent of its side. */
export interface HeadlinePart {
  text: string;
  of?: "left" | "right" | "both";
}

/** "480 s or 0.23 s. The same program." */
export function headlineOf({ sides: [left, right] }: Pick<Opened, "sides">): HeadlinePart[] {
  if (left instanceof SideError || right instanceof SideError)
    return [{ text: "One of two allocators. The other cannot run." }];
  const measure = measureOf(left, right);
  const [one, other] = measure.texts(measure.of(countedOf(left)), measure.of(countedOf(right)));
  const what = measure === TIME ? "" : ` ${measure.name}`;
  return one === other
    ? [{ text: one, of: "both" }, { text: `${what} either way. The same program.` }]
    : [
        { text: one, of: "left" },
        { text: " or " },
        { text: other, of: "right" },
        { text: `${what}. The same program.` },
      ];
}

/** The sentence; empty where there are no two runs to compare. */
export function punchlineOf({ sides }: Pick<ViewState, "sides">, opened: Opened): string {
  const names = sides.map(formatChoice);
  const [left, right] = opened.sides;
  if (left instanceof SideError || right instanceof SideError) return "";
  if (names[0] === names[1]) return `Both sides run ${names[0]}: change one of them to compare.`;
  const told = [left, right].map((run, side): Told => ({ name: names[side] as string, ...countedOf(run) }));
  return compared(measureOf(left, right), told as [Told, Told]);
}

function compared(measure: Measure, [left, right]: [Told, Told]): string {
  const [more, less] = measure.of(left) >= measure.of(right) ? [left, right] : [right, left];
  if (measure === TIME) return timesCompared(more, less);
  const [most, least] = [measure.of(more), measure.of(less)];
  if (measure === RESIDENT)
    return `${more.name} still keeps ${formatBytes(most)} in the end, ${less.name} ${formatBytes(least)}: ${times(most, least)} as much memory, for the same program.`;
  return most === 0
    ? "Neither cleared a byte that already read as zero."
    : `${more.name} cleared ${formatBytes(most)} that already read as zero, ${less.name} ${formatBytes(least)}.`;
}

/** Times as much less apart than this are told as the same. */
const SAME_RATIO = 1.02;

function timesCompared(slow: Told, fast: Told): string {
  const [most, least] = [TIME.of(slow), TIME.of(fast)];
  if (ratioOf(most, least) < SAME_RATIO) return `Both take the same time. ${clearedBoth(slow, fast)}`;
  return `${slow.name} ${causeOf(slow, fast)}. That takes ${times(most, least)} as long.`;
}

function clearedBoth(one: Told, other: Told): string {
  const [most, least] = [one, other].map(NEEDLESS.of) as [number, number];
  if (most === 0 && least === 0) return "Neither cleared a byte that already read as zero.";
  return `${one.name} cleared ${formatBytes(most)} that already read as zero, ${other.name} ${formatBytes(least)}.`;
}

/** The part of the time in which they differ most. */
function widestPart({ simulated: slow }: Told, { simulated: fast }: Told): keyof TimeParts {
  const differences = Object.entries(slow?.parts ?? {}).map(([part, seconds]): [string, number] => [
    part,
    seconds - (fast?.parts[part as keyof TimeParts] ?? 0),
  ]);
  return differences.reduce((widest, one) => (one[1] > widest[1] ? one : widest))[0] as keyof TimeParts;
}

/** What the slower run did, beside what the faster did. */
function causeOf(slow: Told, fast: Told): string {
  switch (widestPart(slow, fast)) {
    case "zeroedByAllocator":
      return clearing(slow, fast);
    case "syscalls":
      return `makes ${countOf(slow, syscalls)} system calls, ${fast.name} ${countOf(fast, syscalls)}`;
    default:
      return `takes ${countOf(slow, faults)} page faults, in which the kernel clears ${formatBytes(slow.counters.zeroed.kernel)}; ${fast.name} takes ${countOf(fast, faults)}${clearedInstead(slow, fast)}`;
  }
}

/** What the faster one clears itself, if that is some part of what the kernel does for the slower one. */
function clearedInstead(slow: Told, fast: Told): string {
  const cleared = fast.counters.zeroed.allocator;
  return cleared * 10 < slow.counters.zeroed.kernel ? "" : `, and clears ${formatBytes(cleared)} itself`;
}

function clearing(slow: Told, fast: Told): string {
  const { zeroed } = slow.counters;
  const cleared = zeroed.allocator + slow.library.cleared;
  const who = slow.library.cleared > zeroed.allocator ? "’s program clears" : "clears";
  const needless = NEEDLESS.of(slow);
  const what =
    needless * 2 > cleared
      ? `${formatBytes(needless)} that already read as zero`
      : `${formatBytes(cleared)} itself`;
  const beside = NEEDLESS.of(fast) * 2 > needless ? `, ${fast.name} ${formatBytes(NEEDLESS.of(fast))}` : "";
  return `${who} ${what}${beside}`;
}

const faults = ({ counters }: Told) => faultCount(counters);
const syscalls = ({ counters }: Told) =>
  Object.values(counters.syscalls).reduce((sum, calls) => sum + calls, 0);
const countOf = (told: Told, of: (told: Told) => number) => formatCount(of(told));

/** How often one is in the other: "1.9 times". */
function times(most: number, least: number): string {
  const ratio = most / least;
  if (!Number.isFinite(ratio)) return "many times";
  return `${ratio >= 100 ? formatCount(Math.round(ratio)) : Number(ratio.toPrecision(2))} times`;
}
