/** Whether tests can ask the real allocator, and what they say if not. */
import { zeroPageHere } from "../machine/real-kernel.js";
import { many } from "../thorough.js";
import { type Found, findPreloaded, MODELLED_GLIBC, type Oracle, type Preloaded } from "./oracle.js";

/** Why tests of a release of glibc cannot run live here; null if they can. Says so once on the console. */
export function whyNotLive(found: Found, version = MODELLED_GLIBC): string | null {
  const reason = found.state === "absent" ? found.reason : otherGlibc(found.oracle.glibc, version);
  if (reason) console.warn(`live oracle tests of glibc ${version} not run: ${reason}`);
  return reason;
}

function otherGlibc(here: string, wanted: string): string | null {
  if (here === wanted) return null;
  return `this is glibc ${here}; test/oracle/fetch-libc.sh fetches newer ones`;
}

/**
 * For what records golden files, which hold the faults and the resident pages of a kernel with a page of zeroes.
 * @throws Error where the kernel has none
 */
export function requireZeroPage(): void {
  if (zeroPageHere() === "shared") return;
  throw new Error(
    "nothing is recorded: this kernel maps no page of zeroes (pvm_no_zero_page=1), and counts other faults than golden files have; record on another machine",
  );
}

/** Random traces that a library is compared on live, beside those that were recorded of it. */
export const LIVE_SEEDS = Number(process.env.ZEROPAGE_SEEDS ?? many(2, 4));

/** A library that is preloaded: why it cannot be asked here, which is said once on the console; or null, and what asks it. */
export async function findLive(library: Preloaded): Promise<{ reason: string | null; oracle: () => Oracle }> {
  const found = await findPreloaded(library);
  const reason = found.state === "absent" ? found.reason : null;
  if (reason) console.warn(`live oracle tests of ${library.name} not run: ${reason}`);
  return { reason, oracle: () => (found as { oracle: Oracle }).oracle };
}
