/** Real programs' traces on real allocators: the same addresses on every host, and no block that another overwrites. */
import { describe, expect, it } from "vitest";
import golden from "../golden/foreign.json" with { type: "json" };
import { foreignLabel, foreignReplays, runForeign } from "./replays.js";

const expected: Record<string, unknown> = golden;

describe.each([false, true])("verifying: %s", (verify) => {
  it.each(foreignReplays.map((replay) => ({ ...replay, name: foreignLabel(replay) })))(
    "$name",
    async (replay) => {
      expect(await runForeign(replay, verify)).toEqual(expected[foreignLabel(replay)]);
    },
  );
});
