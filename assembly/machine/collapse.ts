/** Groups that the kernel is told to make huge, and which were not faulted in as one (MADV_COLLAPSE). */
import { RegionFlag } from "../shared/kernel";
import * as areas from "./areas";
import * as events from "./events";
import { applyQuietly } from "./huge";
import { GROUP_MASK, GROUP_PAGES, pageShift } from "./layout";
import { flagsOf } from "./regions";
import { firstOf, HUGE, isOne, setSpan, spanIfAny, ZERO } from "./spans";
import { Event } from "./states";

/**
 * Makes whole groups in a range, which is mapped, huge (MADV_COLLAPSE). Returns whether all could be. Linux ends with the
 * first that cannot be, as it has no pages.
 */
export function collapse(first: u64, count: u64): bool {
  const end = first + count;
  while (first < end) {
    const to = areas.endOf(first << pageShift) >> pageShift;
    if (!mayCollapse(first, to, min(to, end)) || !collapseIn(first, min(to, end))) return false;
    first = to;
  }
  return true;
}

/**
 * Whether an area, that ends at a page, may have huge pages from `first` to `end`: it was touched, has room for one, and
 * there is a multiple of 2 MiB in the range, ends included. Neither mode nor advice to use them matters.
 */
function mayCollapse(first: u64, areaEnd: u64, end: u64): bool {
  if (firstOf(first + GROUP_MASK) > end) return false;
  if (flagsOf(first << pageShift) & RegionFlag.SmallPages) return false;
  if (!areas.areWritten(first << pageShift, end << pageShift)) return false;
  return firstOf(areaEnd) >= GROUP_PAGES + (areas.startOf(first << pageShift) >> pageShift);
}

function collapseIn(first: u64, end: u64): bool {
  for (let page = firstOf(first + GROUP_MASK); page + GROUP_PAGES <= end; page += GROUP_PAGES) {
    const span = spanIfAny(page);
    if (isOne(span) || span == ZERO) continue;
    if (!span || !events.hasRoom(GROUP_PAGES)) return false;
    applyQuietly(Event.Populate, page);
    setSpan(page, HUGE);
  }
  return true;
}
