/** Real programs' traces on real allocators: the same addresses on every host, and no block that another overwrites. */
import { describe, expect, it } from "vitest";
import golden from "../golden/foreign.json" with { type: "json" };
import { whyAbsent } from "./absent.js";
import { foreignLabel, foreignReplays, runForeign } from "./replays.js";

const expected: Record<string, unknown> = golden;

describe.each([false, true])("verifying: %s", (verify) => {
  it.for(foreignReplays.map((replay) => ({ ...replay, name: foreignLabel(replay) })))(
    "$name",
    async (replay, { skip }) => {
      skip(whyAbsent(replay.module) !== undefined, whyAbsent(replay.module));
      expect(await runForeign(replay, verify)).toEqual(expected[foreignLabel(replay)]);
    },
  );
});
