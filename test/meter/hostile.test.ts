/** Code that was written to make its rewriting slow. Quadratic time would be hours here. */
import { describe, expect, it } from "vitest";
import { meterModule } from "../../src/meter/meter.js";
import { SectionId, Sections } from "../../src/wasm/sections.js";
import { BinaryWriter } from "../../src/wasm/writer.js";

/** A module of one function with a parameter, and with a memory. */
function moduleOf(body: BinaryWriter): Uint8Array {
  const sections = new Sections();
  sections.set(SectionId.type, new BinaryWriter().byte(1, 0x60, 1, 0x7f, 0).bytes);
  sections.set(SectionId.function, new BinaryWriter().byte(1, 0).bytes);
  sections.set(SectionId.memory, new BinaryWriter().byte(1, 0, 1).bytes);
  sections.set(SectionId.code, new BinaryWriter().byte(1).sized(body.byte(0x0b).bytes).bytes);
  return sections.toBytes();
}

const times = (count: number, write: (i: number) => void) => {
  for (let i = 0; i < count; i++) write(i);
};

const HOSTILE: Record<string, () => BinaryWriter> = {
  "many addresses, then many branches": () => {
    const body = new BinaryWriter().byte(0);
    // local.get 0; i32.load; local.set 0, then i32.const 0; br_if 0
    times(400_000, () => body.byte(0x20, 0, 0x28, 2, 0, 0x21, 0));
    times(400_000, () => body.byte(0x41, 0, 0x0d, 0));
    return body;
  },
  "many locals at distances of one value, then many stores of it": () => {
    const locals = 49_000;
    const body = new BinaryWriter().byte(1).unsigned(locals).byte(0x7f);
    // local.get 0; i32.const i; i32.add; local.set i, then stores of what no local holds
    times(locals, (i) =>
      body
        .byte(0x20, 0, 0x41)
        .s32(i + 1)
        .byte(0x6a, 0x21)
        .unsigned(i + 1),
    );
    times(400_000, () => body.byte(0x20, 0, 0x20, 0, 0x41).s32(90_000).byte(0x6a, 0x36, 2, 0));
    return body;
  },
};

describe("a module is metered in linear time, and to a bounded size", () => {
  it.each(Object.entries(HOSTILE))("with %s", { timeout: 120_000 }, async (_, body) => {
    const wasm = moduleOf(body());
    const metered = (await meterModule(wasm)).wasm;
    expect(WebAssembly.validate(metered as BufferSource)).toBe(true);
    expect(metered.length / wasm.length).toBeLessThan(10);
  });
});
