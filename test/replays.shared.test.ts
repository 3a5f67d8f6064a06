/** Real programs' traces: the same counts on every host and build, nothing left over, books in order. */
import { describe, expect, it } from "vitest";
import golden from "./golden/replays.json" with { type: "json" };
import { label, replays, runReplay } from "./replays.js";

const expected: Record<string, unknown> = golden;

describe.each([false, true])("check build: %s", (check) => {
  it.each(replays.map((replay) => ({ ...replay, name: label(replay) })))("$name", async (replay) => {
    const counters = await runReplay(replay, check);
    expect(counters).toEqual(expected[label(replay)]);
    // The traces free everything at their end.
    expect(counters.bytes.inUse).toBe(0);
    expect(counters.bytes.virtual).toBe(counters.bytes.system);
  });
});
