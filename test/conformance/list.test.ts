import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { conformanceCases } from "../../src/conformance.js";

const readme = readFileSync(new URL("../../src/conformance/README.md", import.meta.url), "utf8");

it("every case is in the list of cases, with its promise", () => {
  const missing = conformanceCases.filter(
    ({ name, promise }) => !readme.includes(`| \`${name}\` | ${promise}`),
  );
  expect(missing.map(({ name }) => name)).toEqual([]);
});
