import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PAGE, pageOfRecords } from "./files.js";
import { type Evidence, readEvidence, withEvidence } from "./records.js";
import { subjects } from "./subjects.js";

const evidence = (parts: Partial<Evidence>): Evidence => ({
  ...{ subject: "machine", against: "the reference", inputs: "seeds 0..9" },
  ...{ count: 10, operations: 100, differing: 0, ...parts },
});

it("the page says what was recorded (else: npm run evidence)", () => {
  expect(readFileSync(PAGE, "utf8")).toBe(pageOfRecords());
});

it("every record is of a subject of the page", () => {
  const ids = subjects().map(({ id }) => id);
  for (const { subject } of readEvidence()) expect(ids).toContain(subject);
});

it("a comparison takes the place of an earlier one on the same inputs, and of no other", () => {
  const all = [evidence({ differing: 3 }), evidence({ inputs: "seeds 10..19" })];
  const now = withEvidence(all, evidence({ differing: 0 }));
  expect(now).toEqual([evidence({ differing: 0 }), evidence({ inputs: "seeds 10..19" })]);
  expect(withEvidence(now, evidence({ subject: "meter" }))).toHaveLength(3);
});
