/** Every proposal: a module that uses it is opened and metered where the engine has it, or refused by name. */
import { describe, expect, it } from "vitest";
import { ModuleError, openWasmAllocator } from "../../src/index.js";
import { readInstruction } from "../../src/wasm/instructions.js";
import { readLimits } from "../../src/wasm/limits.js";
import { PROPOSALS } from "../../src/wasm/proposals.js";
import { BinaryReader } from "../../src/wasm/reader.js";
import { LOWERED, METERED, NAMED, REFUSED } from "./proposal-modules.js";

describe("a proposal that is metered", () => {
  it.each(Object.keys(METERED))("%s", async (name) => {
    const wasm = (METERED[name] as () => Uint8Array)();
    if (name !== LOWERED && !WebAssembly.validate(wasm as BufferSource)) {
      // The engine does not have it, which is said at its place.
      await expect(openWasmAllocator(wasm)).rejects.toThrow(/the module is not valid/);
      return;
    }
    for (const meter of [false, true]) {
      const allocator = await openWasmAllocator(wasm, { meter, memoryBytes: 2 ** 24 });
      expect((allocator.instance.exports.run as () => number)()).toBe(7);
      expect(allocator.malloc(8)).toBe(1024);
    }
  });
});

describe("a proposal that is refused", () => {
  it.each(Object.keys(REFUSED))("%s", async (name) => {
    const [make, message] = REFUSED[name] as (typeof REFUSED)[string];
    const opened = openWasmAllocator(make(), { meter: true });
    await expect(opened).rejects.toThrow(ModuleError);
    await expect(opened).rejects.toThrow(message);
  });

  it.each(Object.keys(NAMED))("%s is named where its instructions are", (name) => {
    expect(() => readInstruction(new BinaryReader(new Uint8Array(NAMED[name] as number[])))).toThrow(
      `it is of the proposal "${name}": `,
    );
  });

  it("custom page sizes", () => {
    expect(() => readLimits(new BinaryReader(new Uint8Array([8, 1, 0])))).toThrow(
      "it has custom page sizes: ",
    );
  });
});

it("no proposal is without a test", () => {
  const tested = [METERED, REFUSED, NAMED].flatMap((tests) => Object.keys(tests));
  expect([...new Set([...tested, "custom page sizes"])].sort()).toEqual(
    PROPOSALS.map(({ name }) => name).sort(),
  );
});
