/** The validator of what huge pages, their frames and their records are said to be (huge.ts, spans.ts). */
import { MAPPED, READ, UNMAPPED } from "../shared/page-states";
import * as pool from "./frames";
import { areOn, isOneArea } from "./huge";
import { GROUP_PAGES } from "./layout";
import { current } from "./spaces";
import { eachSpan } from "./span-walks";
import { checkFrame, forgetMet, hasFrame, isInPieces, isOfFrame, isOne, ZERO } from "./spans";
import { cellAt, isUnmapped } from "./splits";
import { isOfFile } from "./states";
import { stateIn } from "./table";

let records: usize = 0;
let frames: usize = 0;

/** Asserts what holds of all spaces. */
export function check(): void {
  if (!areOn()) return;
  records = 0;
  frames = 0;
  eachSpan((page: u64, span: u32): void => forgetMet(span));
  eachSpan((page: u64, span: u32): void => {
    records += usize(isInPieces(span));
    frames += usize(checkFrame(span));
  });
  assert(records == pool.remnants.live, "every record of a huge frame is a group's");
  assert(frames == pool.hugeFrames.live, "every frame that was shared is mapped as it counts");
  eachSpan(checkSpan);
}

function checkSpan(page: u64, span: u32): void {
  const cell = cellAt(page);
  assert(!isUnmapped(page) || !span, "where nothing is mapped, nothing is known");
  // A private copy of a file's page is not looked at.
  if (!span && !current.hasFiles) assert(isUntouched(page), "a group with touched pages has a table");
  let left: u32 = 0;
  for (let index: u32 = 0; index < GROUP_PAGES; index++) {
    const state = stateIn(cell, page + index);
    left += u32(isOfFrame(span, index));
    if (span == ZERO) assert(state == (MAPPED | READ), "the huge zero page is all of a group");
    if (isOfFrame(span, index)) assert(hasFrame(state), "a page of a huge frame has it");
  }
  if (isOne(span) || span == ZERO) assert(isOneArea(page), "a huge page is in one area");
  if (isInPieces(span)) assert(left > 0, "a record is of a frame that somebody has");
}

/** Whether nothing of a group is in the kernel's tables, but for pages of files. */
function isUntouched(page: u64): bool {
  const cell = cellAt(page);
  if (cell == MAPPED || cell == UNMAPPED) return true;
  for (let index: u32 = 0; index < GROUP_PAGES; index++) {
    const state = stateIn(cell, page + index);
    if (state != MAPPED && state != UNMAPPED && !isOfFile(state)) return false;
  }
  return true;
}
