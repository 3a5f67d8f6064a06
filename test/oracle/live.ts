/** Whether tests can ask the real allocator, and what they say if not. */
import { type Found, MODELLED_GLIBC } from "./oracle.js";

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
