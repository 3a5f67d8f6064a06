/** What a meter knows of pages, in the words of the machine. */
import { PAGE_BYTES } from "#shared/meter";
import { CLEARED, READ, WRITTEN } from "../meter/reading.js";
import type { PageRun, PageState } from "../sandbox/machine.js";

/**
 * The pages of a range as runs of alike ones, given what happened to every page from address 0 on. Pages
 * beyond these are unmapped; one that was only cleared is clean.
 */
export function runsOf(pages: Uint8Array, address: number, bytes: number): PageRun[] {
  const runs: PageRun[] = [];
  const first = Math.floor(address / PAGE_BYTES);
  const end = bytes === 0 ? first : Math.floor((address + bytes - 1) / PAGE_BYTES) + 1;
  let before: number | undefined = -1;
  for (let page = first; page < end; page++) {
    const bits = pages[page];
    const last = runs.at(-1);
    if (last && bits === before) last.pages++;
    else runs.push(runOf(page * PAGE_BYTES, bits));
    before = bits;
    if (bits !== undefined) continue;
    (runs.at(-1) as PageRun).pages += end - page - 1;
    break;
  }
  return runs;
}

function runOf(address: number, bits: number | undefined): PageRun {
  const has = (bit: number) => ((bits ?? 0) & bit) !== 0;
  return {
    address,
    pages: 1,
    state: stateOf(bits),
    read: has(READ),
    written: has(WRITTEN | CLEARED),
    reusable: false,
    needless: bits === CLEARED,
  };
}

function stateOf(bits: number | undefined): PageState {
  if (bits === undefined) return "unmapped";
  if (bits & WRITTEN) return "written";
  if (bits & CLEARED) return "clean";
  return bits & READ ? "zeroPage" : "reserved";
}
