/** What the environment sets, by the options of shared/mimalloc.ts. Times are in milliseconds. */
import { ADDRESS_LIMIT } from "../../machine/layout";
import { Option } from "../../shared/mimalloc";

const MOST_MILLISECONDS: f64 = 18446744072000; // so many that their nanoseconds fit
const SEGMENT: u64 = 32 << 20;

/** From when slices are free until their pages are given back; 0 for at once. */
export let decommitDelay: i64 = 25;
/** From when a segment is cached until its pages are given back; 0 for at once. */
export let segmentDelay: i64 = 500;
/** What each further slice that is freed adds to the delay. */
export let extendDelay: i64 = 1;
/** Whether pages are given back at all. */
export let decommits: bool = true;
/** Whether segments are mapped to be read and written, not made so piece by piece. */
export let isEager: bool = true;
/** Whether the kernel is told of a page that is freed that it may take it back (MADV_FREE). */
export let resets: bool = false;
/** Where the first segment is asked for: a multiple of 32 MiB. */
export let base: u64 = 2 << 40;

/** Sets an option by its number. Returns false when there is no such option, or the value is out of its range. */
export function set(option: u32, value: f64): bool {
  if (option <= <u32>Option.decommit_extend_delay)
    return value <= MOST_MILLISECONDS && setDelay(option, <i64>value);
  if (option == Option.base) {
    base = <u64>value;
    return base < ADDRESS_LIMIT / 2 && (base & (SEGMENT - 1)) == 0 && base != 0;
  }
  if (value != 0 && value != 1) return false;
  if (option == Option.allow_decommit) decommits = value == 1;
  else if (option == Option.eager_commit) isEager = value == 1;
  else if (option == Option.page_reset) resets = value == 1;
  else return false;
  return true;
}

function setDelay(option: u32, milliseconds: i64): bool {
  if (option == Option.decommit_delay) decommitDelay = milliseconds;
  else if (option == Option.segment_decommit_delay) segmentDelay = milliseconds;
  else extendDelay = milliseconds;
  return true;
}
