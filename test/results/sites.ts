import { SYSCALLS } from "../../src/allocator/counters.js";
import { recordOf } from "../../src/base/enums.js";
import type { SiteUse } from "../../src/results/sites.js";

const NONE = { objects: 0, bytes: 0 };

/** A site at which nothing happened, but for what is given. */
export const fakeSite = (path: string, has: Partial<SiteUse> = {}): SiteUse => ({
  frames: path.split(";"),
  ...{ live: NONE, peak: NONE, allocated: NONE },
  faults: { zeroMap: 0, zeroFill: 0, copyOnWrite: 0 },
  zeroed: { kernel: 0, allocator: 0, needless: 0 },
  syscalls: recordOf(SYSCALLS, () => 0),
  walked: recordOf(SYSCALLS, () => 0),
  seconds: 0,
  ...has,
});

/** Two ways to one function, one of them recursive, and what no site was named for. */
export const fakeSites: SiteUse[] = [
  fakeSite("unknown", { faults: { zeroMap: 1, zeroFill: 2, copyOnWrite: 0 } }),
  fakeSite("main;parse file;grow", {
    live: { objects: 2, bytes: 3000 },
    peak: { objects: 3, bytes: 4000 },
    allocated: { objects: 5, bytes: 9000 },
    faults: { zeroMap: 0, zeroFill: 4, copyOnWrite: 1 },
    zeroed: { kernel: 20_480, allocator: 8192, needless: 4096 },
    seconds: 0.0125,
  }),
  fakeSite("main;walk;walk;grow", {
    live: { objects: 1, bytes: 1000 },
    peak: { objects: 1, bytes: 1000 },
    allocated: { objects: 1, bytes: 1000 },
  }),
  fakeSite("main;parse file", { allocated: { objects: 7, bytes: 70 } }),
];
