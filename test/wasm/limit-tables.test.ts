import binaryen from "assemblyscript/binaryen";
import { describe, expect, it } from "vitest";
import { checkModule, replayInJail } from "../../src/foreign.js";
import { ModuleError, openWasmAllocator } from "../../src/index.js";
import { traceOf } from "../../src/trace/collect.js";
import { TraceEncoder } from "../../src/trace/encode.js";
import { limitMemory } from "../../src/wasm/limit-memory.js";
import { limitTables, MOST_ELEMENTS } from "../../src/wasm/limit-tables.js";
import { assemble } from "./assemble.js";

/** An allocator with tables; `grow` gives what the first of them says when it is asked to grow. */
const moduleOf = (...tables: string[]) =>
  assemble(
    `(module (memory (export "memory") 1)
    ${tables.map((limits, i) => `(table $t${i} ${limits} funcref)`).join("\n")}
    (func (export "malloc") (param i32) (result i32)
      (table.grow $t0 (ref.null func) (local.get 0)))
    (func (export "free") (param i32)))`,
    binaryen.Features.ReferenceTypes,
  );

const grown = async (wasm: Uint8Array, elements: number): Promise<number> => {
  const { instance } = await WebAssembly.instantiate(wasm as BufferSource);
  return (instance.exports.malloc as (elements: number) => number)(elements);
};

describe("tables of a module in a jail", () => {
  it("may grow to their part of the limit, and not beyond", async () => {
    const limited = limitTables(moduleOf("10", "20 30"), 1030);
    expect(await grown(limited, 500)).toBe(10);
    expect(await grown(limited, 501)).toBe(-1);
    expect(await grown(limitTables(moduleOf("10 12"), 1030), 3)).toBe(-1);
  });

  it("are refused if they begin with more, imported ones among them", () => {
    const four = moduleOf(...Array.from({ length: 4 }, () => "10000000"));
    expect(() => limitTables(four)).toThrow(ModuleError);
    expect(() => limitTables(four)).toThrow(
      "its tables begin with 40000000 elements: in a jail they have 1000000 at most",
    );
    const imported = assemble(
      '(module (import "env" "table" (table 900000 funcref)) (table 200000 funcref))',
      binaryen.Features.ReferenceTypes,
    );
    expect(() => limitTables(imported)).toThrow("begin with 1100000 elements");
    expect(limitTables(assemble("(module)"), 5)).toHaveLength(8);
  });

  it("cannot take the host's memory in any of its ways to run a module", async () => {
    const wasm = moduleOf("10000000", "10000000", "10000000");
    const refusal = "begin with 30000000 elements";
    await expect(openWasmAllocator(wasm, { memoryBytes: 2 ** 26 })).rejects.toThrow(refusal);
    await expect(checkModule(wasm, { memoryBytes: 2 ** 26 })).rejects.toThrow(refusal);
    const trace = traceOf([new TraceEncoder().take()]);
    await expect(replayInJail(wasm, trace)).rejects.toThrow(refusal);
  });

  it("leave room enough for what is known", () => expect(MOST_ELEMENTS).toBeGreaterThan(30 * 30_000));
});

it("several memories share one limit", () => {
  // Two memories of one page each, no maximum, by hand: our assembler writes one.
  const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 5, 2, 0, 1, 0, 1]);
  const limited = () => [...limitMemory(wasm, 10).slice(8)];
  if (WebAssembly.validate(wasm)) expect(limited()).toEqual([5, 7, 2, 1, 1, 5, 1, 1, 5]);
  else expect(limited).toThrow("the module is not valid");
  expect(() => limitMemory(wasm, 1)).toThrow("its 2 memories begin with more than is allowed together");
});
