/**
 * Every bug that is planted into a small allocator is found by a case, and every case finds one: as golden/planted.json has
 * it, which `npm run planted` writes.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { conformanceCases } from "../../../src/conformance.js";
import { some, THOROUGH } from "../../thorough.js";
import { allocators, failureOf } from "./allocators.js";
import { plant } from "./plant.js";

type Table = Record<string, Record<string, string[]>>;

const golden = new URL("../../golden/planted.json", import.meta.url);
const found = JSON.parse(readFileSync(golden, "utf8")) as Table;

describe.each(Object.entries(allocators))("%s", async (allocator, planted) => {
  const make = await plant(planted);
  const table = found[allocator] ?? {};

  it("has its bugs in the table", () => {
    expect(Object.keys(table)).toEqual(planted.bugs.map(([what]) => what));
  });

  const bugs = some(
    planted.bugs.map(([what], index) => [what, index] as const),
    12,
  );

  it("passes without a bug the cases that find them", async () => {
    const asked = new Set(bugs.flatMap(([what]) => table[what] ?? []));
    const names = conformanceCases.map(({ name }) => name).filter((name) => THOROUGH || asked.has(name));
    for (const name of names) expect(await failureOf(make(), name), name).toBeUndefined();
  });

  it.each(bugs)("%s: is found", async (what, index) => {
    const cases = table[what] ?? [];
    expect(cases).not.toEqual([]);
    for (const name of cases) expect(await failureOf(make(index), name), name).toBeDefined();
  });
});

it("of the cases none finds nothing", () => {
  const useful = new Set(Object.values(found).flatMap((table) => Object.values(table).flat()));
  expect(conformanceCases.map(({ name }) => name).filter((name) => !useful.has(name))).toEqual([]);
});
