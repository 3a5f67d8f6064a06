/** What two runs are compared by, at first sight: the measure in which they differ most of those that both have. */
import { totalFaults } from "../allocator/counters.js";
import { formatSeconds } from "../base/numbers.js";
import { formatBytes, formatCount } from "../index.js";
import type { CountName } from "./count-name.js";
import type { Moment, Played } from "./protocol.js";

/** A run at its end, or at one moment. */
export type Counted = Pick<Moment, "counters" | "library" | "simulated">;

export interface Measure {
  name: string;
  /** The figure of a run; NaN if it has none. */
  of(counted: Counted): number;
  text(figure: number): string;
  /** Both figures, in one unit if they can be. */
  texts(left: number, right: number): [string, string];
}

const bytes = { text: formatBytes, texts: eachBy(formatBytes) };

export const TIME: Measure = {
  name: "simulated time",
  of: ({ simulated }) => simulated?.seconds ?? Number.NaN,
  text: formatSeconds,
  texts: (left, right) =>
    Math.max(left, right) < 1 ? [formatSeconds(left), formatSeconds(right)] : inSeconds(left, right),
};

export const RESIDENT: Measure = {
  name: "resident memory",
  of: ({ counters }) => counters.bytes.resident,
  ...bytes,
};

export const NEEDLESS: Measure = {
  name: "needlessly zeroed",
  of: ({ counters, library }) => counters.zeroed.needless + library.needless,
  ...bytes,
};

/** What is counted, and compared from one operation to the next: all that is exact on any machine. */
export const COUNTS: Record<CountName, Measure> = {
  needless: NEEDLESS,
  faults: counted("page faults", ({ counters }) => totalFaults(counters.faults)),
  syscalls: counted("system calls", ({ counters, simulated }) =>
    // A module makes none. It only asks its host for memory.
    simulated ? Object.values(counters.syscalls).reduce((sum, calls) => sum + calls, 0) : Number.NaN,
  ),
  resident: RESIDENT,
};

/** A figure that may be a change, and less than nothing. */
export const textOfChange = (figure: number, text: Measure["text"]): string =>
  figure < 0 ? `−${text(-figure)}` : text(figure);

function counted(name: string, of: Measure["of"]): Measure {
  return { name, of, text: formatCount, texts: eachBy(formatCount) };
}

function eachBy(format: (figure: number) => string): Measure["texts"] {
  return (left, right) => [format(left), format(right)];
}

/** The shortest time that is written in seconds beside a longer one. */
const LEAST_SECONDS = 1e-3;

/** 480 s and 0.23 s: small beside large is seen in one unit. */
function inSeconds(...figures: [number, number]): [string, string] {
  const text = (seconds: number) =>
    seconds >= 1 || seconds < LEAST_SECONDS ? formatSeconds(seconds) : `${Number(seconds.toPrecision(2))} s`;
  return [text(figures[0]), text(figures[1])];
}

/** How many times the smaller of two figures is in the larger: 1 if they are the same. */
export function ratioOf(left: number, right: number): number {
  if (left === right) return 1;
  return Math.max(left, right) / Math.min(left, right);
}

/** Less is no difference at first sight. */
const TELLING_RATIO = 1.2;

/** The measure for two runs: time, or what they keep in the end if times are about the same. Modules have no time. */
export function measureOf(left: Played, right: Played): Measure {
  const ratio = ({ of }: Measure) => ratioOf(of(countedOf(left)), of(countedOf(right)));
  if (Number.isNaN(ratio(TIME))) return NEEDLESS;
  return ratio(TIME) < TELLING_RATIO && ratio(RESIDENT) >= TELLING_RATIO ? RESIDENT : TIME;
}

/** A run at its end. */
export function countedOf({ result, library }: Played): Counted {
  const { counters, simulated } = result;
  return { counters, library, ...(simulated && { simulated }) };
}
