import { describe, expect, it } from "vitest";
import { LimitExceeded, ModuleError, ModuleTrap, readTrace } from "../../src/index.js";
import { checkModule } from "../../src/jail/check.js";
import { replayInJail } from "../../src/jail/replay.js";
import { fixtureBytes, openTrace } from "../foreign/replays.js";
import golden from "../golden/foreign.json" with { type: "json" };

const MIB = 2 ** 20;
const fifty = (bytes: number) =>
  readTrace(new TextEncoder().encode(Array.from({ length: 50 }, (_, id) => `a ${id} ${bytes}`).join("\n")));

describe("a module in jail", () => {
  it("that behaves does what it does outside", async () => {
    const { operations, memoryBytes, report } = await replayInJail(
      await fixtureBytes("as-tlsf"),
      await openTrace("cc1"),
      { verify: false },
    );
    const { "cc1 on as-tlsf": outside } = golden;
    expect({ operations, memoryBytes }).toEqual({
      operations: outside.operations,
      memoryBytes: outside.memoryBytes,
    });
    expect(report.convention).toBe("c");
  });

  it("that never ends is ended", async () => {
    const run = replayInJail(await fixtureBytes("endless"), await fifty(64), { seconds: 2 });
    await expect(run).rejects.toBeInstanceOf(LimitExceeded);
    await expect(run).rejects.toThrow("the module was not done after 2 seconds");
  });

  it("is given up when its signal is aborted, with the reason, before it begins and in the middle", async () => {
    const endless = await fixtureBytes("endless");
    const before = replayInJail(endless, await fifty(64), {
      signal: AbortSignal.abort(new Error("not now")),
    });
    await expect(before).rejects.toThrow("not now");
    const controller = new AbortController();
    const run = replayInJail(endless, await fifty(64), { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 300);
    await expect(run).rejects.toThrow("enough");
  });

  it("that is checked is given up between its cases and in one, and no case is said to have failed", async () => {
    const controller = new AbortController();
    const names: string[] = [];
    const onCase = (name: string) => {
      names.push(name);
      if (names.length === 3) controller.abort(new Error("enough"));
    };
    const check = checkModule(await fixtureBytes("as-tlsf"), { signal: controller.signal, onCase });
    await expect(check).rejects.toThrow("enough");
    expect(names).toHaveLength(3);
  });

  it("that grows without bounds gets no more than it may have", async () => {
    const { memoryBytes, failedAllocations } = await replayInJail(
      await fixtureBytes("growing"),
      await fifty(4 * MIB),
      { memoryBytes: 64 * MIB, verify: false },
    );
    expect(memoryBytes).toBeLessThanOrEqual(64 * MIB);
    expect(failedAllocations).toBe(35);
  });

  it("that imports its memory gets no more either, and one that begins with more is refused", async () => {
    const tree = await fixtureBytes("web-tree-sitter");
    const options = { unknownImports: "trap" as const, memoryBytes: 40 * MIB };
    const { failedAllocations, memoryBytes } = await replayInJail(tree, await fifty(MIB), options);
    expect(memoryBytes).toBeLessThanOrEqual(40 * MIB);
    expect(failedAllocations).toBeGreaterThan(5);
    const less = replayInJail(tree, await fifty(1), { ...options, memoryBytes: MIB });
    await expect(less).rejects.toBeInstanceOf(ModuleError);
    await expect(less).rejects.toThrow("begins with 32 MiB: allow more than 1 MiB");
  });

  it.each([
    ["trapping", ModuleTrap, "operation 11: the module trapped: unreachable"],
    ["recursing", ModuleTrap, "used up the stack"],
    ["overlapping", ModuleTrap, "was overwritten"],
    ["starting", ModuleTrap, "while it was instantiated"],
    ["reaching", ModuleError, 'the module imports the function "host.fetch"'],
  ])("%s is told as outside", async (name, type, message) => {
    const text = `${Array.from({ length: 20 }, (_, id) => `a ${id} 64\n`).join("")}f 3\n`;
    const trace = await readTrace(new TextEncoder().encode(text));
    const run = replayInJail(await fixtureBytes(name), trace);
    await expect(run).rejects.toBeInstanceOf(type);
    await expect(run).rejects.toThrow(message);
  });

  it("that is no module is refused, and limits that are none too", async () => {
    await expect(replayInJail(new Uint8Array([1, 2, 3]), await fifty(1))).rejects.toBeInstanceOf(ModuleError);
    const bytes = await fixtureBytes("as-tlsf");
    await expect(replayInJail(bytes, await fifty(1), { seconds: 0 })).rejects.toThrow(RangeError);
    expect(await replayInJail(bytes, await fifty(1), { seconds: Infinity })).toMatchObject({
      operations: 50,
    });
  });
});
