/** The allocators of C's libraries, as Debian builds them. That they replay real traces is in replays.shared.test.ts. */
import { describe, expect, it } from "vitest";
import { openWasmAllocator, type WasmAllocator } from "../../src/index.js";
import golden from "../golden/foreign.json" with { type: "json" };
import { whyAbsent } from "./absent.js";
import { reactors, restarting } from "./c-fixtures.js";
import { fixtureBytes, foreignLabel, openFixture, runForeign } from "./replays.js";

const expected: Record<string, unknown> = golden;

/** What the program exports besides its allocator. */
interface ProgramExports {
  starts(): number;
  lines(variable: number): number;
}
const programOf = ({ instance }: WasmAllocator) => instance.exports as unknown as ProgramExports;

describe.each(Object.keys(reactors).map((name) => ({ name, absent: whyAbsent(name) })))(
  "$name",
  ({ name, absent }) => {
    it.skipIf(absent)(
      "opens without anything given to it, started once, and has all of C's functions",
      async () => {
        const allocator = await openWasmAllocator(await fixtureBytes(name));
        const { convention, functions, started, findings } = allocator.report;
        expect({ convention, findings }).toEqual({ convention: "c", findings: [] });
        expect(Object.values(functions).every((provision) => "native" in provision)).toBe(true);
        expect(functions.aligned).toEqual({ native: "posix_memalign" });
        expect(started).toHaveLength(1);
        allocator.free(allocator.malloc(100));
        expect(programOf(allocator).starts()).toBe(1);
      },
    );

    it.skipIf(absent).each(["git-log", "cc1"] as const)(
      "replays %s metered and verified, at the addresses it has without",
      async (trace) => {
        const replay = { module: name, trace };
        const outcome = await runForeign(replay, true, { meter: true });
        expect(outcome).toEqual(expected[foreignLabel(replay)]);
      },
    );

    it.skipIf(absent)("sees an empty environment", async () => {
      const allocator = await openFixture(name);
      const variable = allocator.calloc(1, 8);
      allocator.store(variable, 0x41);
      expect(programOf(allocator).lines(variable)).toBe(-1);
    });
  },
);

describe("a program that is not linked as a library", () => {
  const rows = Object.keys(restarting).flatMap((name) => [false, true].map((meter) => ({ name, meter })));

  it.for(rows)(
    "$name is told to run its constructors on each call, metered: $meter",
    async ({ name, meter }, { skip }) => {
      skip(whyAbsent(name) !== undefined, whyAbsent(name));
      const allocator = await openWasmAllocator(await fixtureBytes(name), { meter });
      const { findings } = allocator.report;
      expect(findings).toEqual([expect.stringContaining("each call run the module's constructors")]);
      const { starts } = programOf(allocator);
      const before = starts();
      allocator.malloc(100);
      // The malloc, and the question itself.
      expect(starts()).toBe(before + 2);
    },
  );
});
