/** Random calls of every model, a small part of what `npm run fuzz -- calls` does. */
import { describe, expect, it } from "vitest";
import { models } from "../../src/index.js";
import { machineOf, randomCalls } from "./calls.js";

describe.each(models.map((model) => [model.name, model] as const))("%s", (name, model) => {
  it.each([1, 2])("is what it was after every error, or has ended, seed %i", async (seed) => {
    const counts = await randomCalls({
      ...{ model: name, options: machineOf(seed, model), check: seed === 2 },
      ...{ seed, operations: 500 },
    });
    expect(counts.operations).toBeGreaterThanOrEqual(500);
    expect(counts.kept + counts.ended).toBeGreaterThan(0);
  });
});
