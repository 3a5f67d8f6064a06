/**
 * How the pages of one side differ from those of the other. The sides put the same object at addresses of their own, so
 * pages are compared by the objects of the program that they hold: with what the other side has for the same bytes.
 *
 *      here     │ page      │ page      │              slot 7: 6,000 bytes at 0x1010
 *                ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
 *      there │ page      │ page      │ page      │     slot 7: at 0x5f00
 *                     ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
 */
import { BY_DIFFERENCE, BY_STATE, type Coloured, DIFFERENCES } from "./kinds.js";
import { coveredRanges, decode, firstAbove, type PageRuns, runsOf, splitAt } from "./page-runs.js";
import type { Moment } from "./protocol.js";

type Pages = Pick<Moment, "objects" | "position" | "runs">;

/** What the program or the allocator made of a page. */
const [UNTOUCHED, TOUCHED, RESIDENT] = [0, 1, 2];

/** What was made of a page, by its detail byte. */
const LEVEL_OF = Uint8Array.from({ length: 256 }, (_, detail) => {
  const { state } = decode(detail);
  if (state === "zeroPage" || state === "file") return TOUCHED;
  return state === "clean" || state === "written" || state === "shared" ? RESIDENT : UNTOUCHED;
});

/** Both sides coloured: by what differs if that is wanted and both are at the same place, or else by state. */
export function colourPages(
  moments: readonly (Pages | undefined)[],
  differs: boolean,
): (Coloured | undefined)[] {
  const [left, right] = moments;
  if (differs && left && right && left.position === right.position) {
    const sides = [differencesOf(left, right, "left"), differencesOf(right, left, "right")];
    return sides.map((runs) => ({ colouring: BY_DIFFERENCE, runs }));
  }
  return moments.map((moment) => moment && { colouring: BY_STATE, runs: moment.runs });
}

type Side = "left" | "right";
type Difference = (typeof DIFFERENCES)[number]["id"];

/** The pages of a side, with the index of their difference (kinds.ts) as detail. */
export function differencesOf(here: Pages, there: Pages, side: Side): PageRuns {
  const { addresses, pages, details, pageBytes } = here.runs;
  const { touched, resident } = pagesBeside(here, there);
  const parts: Parameters<typeof runsOf>[0][number][] = [];
  for (let run = 0; run < addresses.length; run++) {
    const start = addresses[run] as number;
    const detail = details[run] as number;
    const level = LEVEL_OF[detail] as number;
    const add = (from: number, to: number, kind: Difference) =>
      parts.push([from, (to - from) / pageBytes, DIFFERENCES.findIndex(({ id }) => id === kind)]);
    const end = start + (pages[run] as number) * pageBytes;
    if (!decode(detail).held) add(start, end, level === RESIDENT ? "cached" : "reserved");
    else
      splitAt(touched, start, end, (from, to, isTouched) => {
        if (!isTouched) add(from, to, differenceOf(level, UNTOUCHED, side));
        else
          splitAt(resident, from, to, (first, last, isResident) =>
            add(first, last, differenceOf(level, isResident ? RESIDENT : TOUCHED, side)),
          );
      });
  }
  return runsOf(parts, pageBytes);
}

function differenceOf(here: number, there: number, side: Side): Difference {
  if (here === there) return here === UNTOUCHED ? "reserved" : "alike";
  const more = here > there ? side : side === "left" ? "right" : "left";
  return Math.max(here, there) === RESIDENT ? more : `touched-${more}`;
}

/** The pages here for whose objects the other side has a touched page, or a resident one: pairs of start and end. */
function pagesBeside(here: Pages, there: Pages): { touched: number[]; resident: number[] } {
  const [touched, resident] = [new Cover(here.runs.pageBytes), new Cover(here.runs.pageBytes)];
  eachInBoth(here.objects, there.objects, (mine, its, size) => {
    eachRun(there.runs, its, its + size, (start, end, detail) => {
      const level = LEVEL_OF[detail] as number;
      if (level >= TOUCHED) touched.add(mine + start - its, mine + end - its);
      if (level >= RESIDENT) resident.add(mine + start - its, mine + end - its);
    });
  });
  return { touched: touched.ranges(), resident: resident.ranges() };
}

/** Pages in which ranges of bytes lie. Neighbours mostly come one after the other, and are put together at once. */
class Cover {
  readonly #addresses: number[] = [];
  readonly #bytes: number[] = [];
  #start = 0;
  #end = 0;

  constructor(private readonly pageBytes: number) {}

  add(start: number, end: number): void {
    const first = Math.floor(start / this.pageBytes) * this.pageBytes;
    const last = Math.ceil(end / this.pageBytes) * this.pageBytes;
    if (first <= this.#end && last >= this.#start) {
      this.#start = Math.min(this.#start, first);
      this.#end = Math.max(this.#end, last);
    } else {
      this.#keep();
      [this.#start, this.#end] = [first, last];
    }
  }

  #keep(): void {
    if (this.#end === this.#start) return;
    this.#addresses.push(this.#start);
    this.#bytes.push(this.#end - this.#start);
  }

  ranges(): number[] {
    this.#keep();
    const places = { addresses: Float64Array.from(this.#addresses), bytes: Float64Array.from(this.#bytes) };
    return coveredRanges(places, this.pageBytes);
  }
}

type Objects = Pages["objects"];

/** Calls `look` with the address on each side, and the bytes, of each object that both sides have. */
function eachInBoth(
  one: Objects,
  other: Objects,
  look: (one: number, other: number, bytes: number) => void,
): void {
  let [i, j] = [0, 0];
  while (i < one.slots.length && j < other.slots.length) {
    const ahead = (one.slots[i] as number) - (other.slots[j] as number);
    if (ahead === 0)
      look(one.addresses[i] as number, other.addresses[j] as number, Math.max(1, one.bytes[i] as number));
    if (ahead <= 0) i++;
    if (ahead >= 0) j++;
  }
}

/** Calls `look` with the part of each run that lies in a range of addresses. */
function eachRun(
  { addresses, pages, details, pageBytes }: PageRuns,
  start: number,
  end: number,
  look: (start: number, end: number, detail: number) => void,
): void {
  for (let run = Math.max(0, firstAbove(addresses, start) - 1); run < addresses.length; run++) {
    const first = addresses[run] as number;
    if (first >= end) break;
    const [from, to] = [Math.max(start, first), Math.min(end, first + (pages[run] as number) * pageBytes)];
    if (from < to) look(from, to, details[run] as number);
  }
}
