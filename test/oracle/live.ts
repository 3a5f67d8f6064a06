/** Whether tests can ask the real allocator, and what they say if not. */
import { type Found, MODELLED_GLIBC } from "./oracle.js";

/** Why tests of glibc 2.36 cannot run live here; null if they can. Says so once on the console. */
export function whyNotLive(found: Found): string | null {
  const reason = found.state === "absent" ? found.reason : otherGlibc(found.oracle.glibc);
  if (reason) console.warn(`live oracle tests not run: ${reason}`);
  return reason;
}

function otherGlibc(version: string): string | null {
  return version === MODELLED_GLIBC ? null : `this is glibc ${version}; the model is of ${MODELLED_GLIBC}`;
}
