/**
 * Walks over spans, of the current space and of all.
 *
 *      held pages == Σ over frames, of which no space maps all: pages that no space has
 */
import { GROUP_PAGES } from "./layout";
import { current, enter, enterNumber, numberAbove } from "./spaces";
import {
  forgetMet,
  hasFrame,
  isInPieces,
  isOne,
  meet,
  pagesGone,
  setSpan,
  sharedFrameOf,
  spanOf,
  TABLE,
} from "./spans";
import { nextWithDirectory, stateOf, TABLE_PAGES } from "./table";

/** Calls back for each group of every space, which is the current one meanwhile, with its span. */
export function eachSpan(seen: (page: u64, span: u32) => void): void {
  const space = current;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    for (let page = nextWithDirectory(0); page < TABLE_PAGES; page = nextWithDirectory(page + GROUP_PAGES)) {
      seen(page, spanOf(page));
    }
  }
  enter(space);
}

/** Meets the pages of all spaces that are of frames which fork shared. */
export function meetAll(): void {
  eachSpan((page: u64, span: u32): void => forgetMet(span));
  eachSpan((page: u64, span: u32): void => meet(page, span));
}

let scattered: u32 = 0;

/** A frame that fork shared is small ones, in all spaces. */
export function scatter(frame: u32): void {
  scattered = frame;
  eachSpan((page: u64, span: u32): void => {
    if (sharedFrameOf(span) == scattered) setSpan(page, TABLE);
  });
}

// ---- Reading out ----

/** Groups of the current space that are mapped as one, of frames. */
export function hugeGroups(): u64 {
  let groups: u64 = 0;
  for (let page = nextWithDirectory(0); page < TABLE_PAGES; page = nextWithDirectory(page + GROUP_PAGES)) {
    groups += u64(isOne(spanOf(page)) && hasFrame(stateOf(page)));
  }
  return groups;
}

let held: u64 = 0;

/** Pages of huge frames that no process of the machine has any more, and the kernel still holds. */
export function heldPages(): u64 {
  held = 0;
  meetAll();
  eachSpan((page: u64, span: u32): void => {
    if (isInPieces(span)) held += pagesGone(page, span);
    // Once for all who have some of it.
    forgetMet(span);
  });
  return held;
}
