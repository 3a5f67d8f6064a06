/** Random calls of every model, a small part of what `npm run fuzz -- calls` does. */
import { describe, expect, it } from "vitest";
import { models } from "../../src/index.js";
import { calls, machineOf, randomCalls } from "./calls.js";

describe.each(models.map((model) => [model.name, model] as const))("%s", (name, model) => {
  it.each([1, 2])("is what it was after every error, or has ended, seed %i", async (seed) => {
    const setting = { model: name, options: machineOf(seed, model), check: seed === 2 };
    const counts = await calls.run({ setting, parts: randomCalls(seed, 4, 125) });
    expect(counts.operations).toBeGreaterThanOrEqual(500);
    expect((counts.kept ?? 0) + (counts.ended ?? 0)).toBeGreaterThan(0);
  });
});
