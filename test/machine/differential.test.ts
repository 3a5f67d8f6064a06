import { describe, it } from "vitest";
import { CHECKS, many, some } from "../thorough.js";
import { compare, KERNELS, LIMITS, optionsOf, PAGE_BYTES } from "./compare.js";

const MOST_OPERATIONS = 2000;
const OPERATIONS = many(1000, MOST_OPERATIONS);
const [
  NONE,
  FEW_FRAMES,
  LITTLE_SPACE,
  FEW_AREAS,
  HUGE,
  NO_ZERO_PAGE,
  LITTLE_DATA,
  PROMISED,
  UPWARD,
  ALWAYS,
  ADVISED,
] = LIMITS;
/** That with few areas reaches their limit late: after 1,241 operations. */
const RUNS: readonly { seed: number; limits: (typeof LIMITS)[number]; operations?: number }[] = [
  { seed: 0x5eed, limits: NONE },
  { seed: 0xca110c, limits: FEW_FRAMES },
  { seed: 0x2e20, limits: LITTLE_SPACE },
  { seed: 0xfee1, limits: NONE },
  { seed: 0x3aa5, limits: FEW_AREAS, operations: MOST_OPERATIONS },
  { seed: 0x2aaa, limits: HUGE },
  { seed: 0x2e80, limits: NO_ZERO_PAGE },
];
/** Of Linux alone, and not of the page size. */
const PLACED = [
  { seed: 0xda7a, limits: LITTLE_DATA },
  { seed: 0x9e7e, limits: PROMISED },
  { seed: 0x1e6a, limits: UPWARD },
];
/** With huge pages a reference takes long for each operation. */
const FEW_OPERATIONS = many(400, 600);
const HUGE_PAGES = [
  { seed: 0x26e, limits: ALWAYS },
  { seed: 1, limits: ALWAYS },
  { seed: 3, limits: ALWAYS },
  { seed: 1, limits: ADVISED },
];

/** Of other pages than those of 4 KiB some runs, on the check build; and some of the release build. */
const buildsOf = (pageBytes: number) => (pageBytes === 4096 ? [false, true] : CHECKS);
const runsOf = (pageBytes: number, check: boolean) => (pageBytes === 4096 && check ? RUNS : some(RUNS, 2));

describe.each(KERNELS)("the %s machine does what the reference does", (kernel) => {
  describe.each(PAGE_BYTES)("in pages of %i bytes", (pageBytes) => {
    describe.each(buildsOf(pageBytes))("check build: %s", (check) => {
      for (const { seed, limits, operations = OPERATIONS } of runsOf(pageBytes, check)) {
        it(`with seed 0x${seed.toString(16)}`, async () => {
          await compare(optionsOf(kernel, pageBytes, limits), check, seed, operations);
        });
      }
    });
  });
});

describe("the linux machine with files does what the reference does", () => {
  describe.each(PAGE_BYTES)("in pages of %i bytes", (pageBytes) => {
    describe.each(buildsOf(pageBytes))("check build: %s", (check) => {
      for (const { seed, limits, operations = OPERATIONS } of runsOf(pageBytes, check)) {
        it(`with seed 0x${seed.toString(16)}`, async () => {
          await compare(optionsOf("linux", pageBytes, limits), check, seed, operations, true);
        });
      }
    });
  });
});

describe("the linux machine that is told where to place what, and limits, does what the reference does, check build: true", () => {
  for (const { seed, limits } of PLACED) {
    it(`with seed 0x${seed.toString(16)}`, async () => {
      await compare(optionsOf("linux", 4096, limits), true, seed, OPERATIONS, true);
    });
  }
});

describe("the linux machine with huge pages does what the reference does, check build: true", () => {
  for (const { seed, limits } of HUGE_PAGES) {
    it(`mode ${limits.hugePages}, seed 0x${seed.toString(16)}`, async () => {
      await compare(optionsOf("linux", 4096, limits), true, seed, FEW_OPERATIONS, true);
    });
  }
});
