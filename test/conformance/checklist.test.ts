import { expect, it } from "vitest";
import { type Outcome, reportOf } from "../../src/conformance/check.js";
import { checklist } from "../../src/conformance/checklist.js";

const failed = (name: string, seen: string): Outcome => ({
  ...{ name, promise: "it is well" },
  ...{ state: "fail", seen, calls: [] },
});

const report = reportOf([
  { name: "one", promise: "it is well", state: "pass", told: "the alignment seen is 32" },
  failed("two", "byte 3 of 8 zeroed bytes at 0x10 is 171"),
  failed("three", "byte 0 of 700 zeroed bytes at 0x400 is 1"),
  failed("four", "malloc(4294967295) gave memory out of 256 MiB"),
  failed("five", "calloc(1, 4294967295) gave memory out of 256 MiB"),
  { name: "six", promise: "it is well", state: "skip", reason: "it is small" },
  failed("seven", "malloc(17) gave memory out of 256 MiB"),
]);

it("tells failures first, and those of one cause once", () => {
  expect(checklist(report, { file: "a.wasm" })).toBe(`\
FAIL     two: it is well
           byte 3 of 8 zeroed bytes at 0x10 is 171
           also failed, as it seems because of it: three
           to repeat: zeropage check a.wasm --case two
FAIL     four: it is well
           malloc(4294967295) gave memory out of 256 MiB
           also failed, as it seems because of it: seven
           to repeat: zeropage check a.wasm --case four
FAIL     five: it is well
           calloc(1, 4294967295) gave memory out of 256 MiB
           to repeat: zeropage check a.wasm --case five
pass     one: it is well
           the alignment seen is 32
skipped  six: it is well
           it is small

1 passed, 5 failed, 1 skipped.
`);
});

it("says in the report which failure is told for which", () => {
  const because = report.outcomes.map((one) => (one.state === "fail" ? one.because : undefined));
  expect(because).toEqual([undefined, undefined, "two", undefined, undefined, undefined, "four"]);
});
