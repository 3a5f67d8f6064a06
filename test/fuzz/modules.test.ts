/** Damaged modules, and one of Binaryen's generator: a small part of what `npm run fuzz -- mutants` and `binaryen` do. */
import { expect, it } from "vitest";
import { binaryenModule, mutant, mutantOf } from "./modules.js";

it("what rewrites modules refuses damaged ones by a typed error, and makes none valid", async () => {
  let valid = 0;
  for (let seed = 0; seed < 300; seed++) {
    await mutant(seed);
    if (WebAssembly.validate(mutantOf(seed) as BufferSource)) valid++;
  }
  expect(valid).toBeGreaterThan(5);
  expect(valid).toBeLessThan(250);
});

it("a module of Binaryen's generator does the same, metered", async () => {
  let compared = 0;
  for (let seed = 1; compared === 0 && seed < 8; seed++) compared += (await binaryenModule(seed)).compared;
  expect(compared).toBeGreaterThan(0);
});
