/** What check builds export besides, for tests that hold the machine and its models against real ones. */
import { contentOf } from "./machine/contents";
import { pageMask, pageShift } from "./machine/layout";
import { stateOf } from "./machine/table";
import { CONTENT, UNMAPPED } from "./shared/page-states";

export { callLog, callsLogged } from "./machine/call-log";

const FNV_PRIME: u64 = 0x100000001b3;

/**
 * A digest of what memory holds, which the oracle's program makes likewise (test/oracle/digests.h). Touches nothing.
 * The address is a multiple of 8, and all of the range is mapped.
 */
export function digest(address: f64, bytes: f64): u64 {
  let hash = <u64>bytes;
  const end = <u64>address + <u64>bytes;
  for (let at = <u64>address; at < end; ) {
    const next = min(end, (at | pageMask) + 1);
    hash = digestInPage(hash, at, next - at);
    at = next;
  }
  return hash;
}

/** Goes on with a digest, over a range within one page. A page without content reads as zero. */
function digestInPage(hash: u64, address: u64, bytes: u64): u64 {
  const page = address >> pageShift;
  const state = stateOf(page);
  assert(state != UNMAPPED, "what a digest is made of is mapped");
  if (!(state & CONTENT)) {
    for (let i: u64 = 0; i < bytes; i += 8) hash *= FNV_PRIME;
    return hash;
  }
  let at = contentOf(page, state) + <usize>(address & pageMask);
  const end = at + <usize>bytes;
  for (; at + 8 <= end; at += 8) hash = (hash ^ folded(load<u64>(at))) * FNV_PRIME;
  if (at == end) return hash;
  const bits = <u64>(end - at) * 8;
  const mask = ((<u64>1) << bits) - 1;
  return (hash ^ folded(load<u64>(at) & mask)) * FNV_PRIME;
}

/** A word whose bytes from 0xf0 on are 0xf0: the library that free chunks link to lies elsewhere than a real one. */
function folded(word: u64): u64 {
  const high = word & (word << 1) & (word << 2) & (word << 3) & 0x8080808080808080;
  return word & ~((high >> 7) * 15);
}
