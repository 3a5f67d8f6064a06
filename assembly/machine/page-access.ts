/**
 * What an access needs: that the program may do it, the fault that its page takes, and where the page's bytes are then.
 *
 *      translation.ts: does an entry let it through?  ── yes ─▶ the host address; nothing is counted
 *         ▼ no
 *      the event (huge.ts)  ─▶ UNMAPPED: a segmentation fault
 *         ▼
 *      the page's bytes, in contents.ts: the entry is kept; or the file's (mapped.ts), for which none is
 */
import { Exception } from "../shared/failure";
import { CONTENT, UNMAPPED } from "../shared/page-states";
import { firstProtected } from "./areas";
import { addContent, contentOf } from "./contents";
import { raise } from "./failure";
import { ZERO_FRAME } from "./frames";
import { applyOne } from "./huge";
import { pageMask, pageShift } from "./layout";
import * as mapped from "./mapped";
import { Event, isOfFile } from "./states";
import { firstUnmapped, stateOf } from "./table";
import {
  addressIn,
  checkEntry,
  ENTRIES_END,
  ENTRY_BYTES,
  entryAt,
  FIRST_ENTRY,
  hostIn,
  isTaken,
  keep,
  letsRead,
  letsWrite,
} from "./translation";

const READ_ACCESS: u64 = 0;
export const WRITE_ACCESS: u64 = 1;
/** Added to these where the program may not do what it does. */
const PROTECTED: u64 = 2;

/** Traps with a segmentation fault, before anything changes, unless all of the range is mapped, and the program may do so there. */
export function requireMapped(address: u64, bytes: u64, write: bool): void {
  if (!bytes) return;
  const last = address + bytes - 1;
  if (last < address) raise(Exception.SegmentationFault, u64(write), address); // a broken link may lead to the very end
  const first = address >> pageShift;
  const end = (last >> pageShift) + 1;
  const page = firstUnmapped(first, end - first);
  if (page < end) raise(Exception.SegmentationFault, u64(write), max(address, page << pageShift));
  const refused = firstProtected(address, address + bytes, write);
  if (refused < address + bytes) raise(Exception.SegmentationFault, PROTECTED | u64(write), refused);
  if (!isDefined(ZP_FILES)) return;
  const beyond = mapped.firstBeyond(address, address + bytes);
  if (beyond < address + bytes) raise(Exception.BusError, u64(write), beyond);
}

// ---- Bytes ----

/** State of a page, with what is known of its bytes; those of a file's page are the file's, and no translation leads there. */
export function withBytes(page: u64, state: u32): u32 {
  return isOfFile(state) ? state | mapped.bytesState(page) : state;
}

/** Host address of the bytes of a page with CONTENT. */
export function bytesOf(page: u64, state: u32): usize {
  return isOfFile(state) ? mapped.contentOf(page) : contentOf(page, state);
}

/** Read-touches the page. Returns the host address of the byte; if the page has no content, only until it gets some. */
export function readable(address: u64): usize {
  const entry = entryAt(address);
  if (letsRead<u8>(entry, address)) return hostIn(entry, address);
  const page = address >> pageShift;
  const offset = <usize>(address & pageMask);
  const state = withBytes(page, applyOne(Event.Read, page));
  if (state == UNMAPPED) raise(Exception.SegmentationFault, READ_ACCESS, address);
  if (!(state & CONTENT)) return ZERO_FRAME + offset;
  const host = bytesOf(page, state) + offset;
  if (!isOfFile(state)) keep(address, host, state);
  return host;
}

/** Write-touches the page and gives it content. Returns the host address of the byte. */
export function writable(address: u64): usize {
  const entry = entryAt(address);
  if (letsWrite<u8>(entry, address)) return hostIn(entry, address);
  const page = address >> pageShift;
  const state = applyOne(Event.Write, page);
  if (state == UNMAPPED) raise(Exception.SegmentationFault, WRITE_ACCESS, address);
  if (isOfFile(state)) return mapped.contentFor(page) + <usize>(address & pageMask);
  const host = (state & CONTENT ? contentOf(page, state) : addContent(page)) + <usize>(address & pageMask);
  keep(address, host, state | CONTENT);
  return host;
}

// ---- Checking ----

/** Asserts that the translation cache agrees with the page table. */
export function checkTranslations(): void {
  for (let entry = FIRST_ENTRY; entry < ENTRIES_END; entry += ENTRY_BYTES) {
    if (isTaken(entry)) checkTranslation(entry, addressIn(entry));
  }
}

/** Asserts that an entry does, for an address that it stands for. */
export function checkTranslation(entry: usize, address: u64): void {
  const page = address >> pageShift;
  const state = stateOf(page);
  const host = state & CONTENT ? contentOf(page, state) + <usize>(address & pageMask) : 0;
  checkEntry(entry, address, host, state);
}
