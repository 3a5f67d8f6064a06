/**
 * Modules of Binaryen's generator, which have every instruction there is, metered and not: each call has to come to the same. The
 * parts of a case are the bytes that it makes a module of.
 */
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { meterModule } from "../../src/meter/meter.js";
import { inspectModule } from "../../src/wasm/inspect.js";
import { SectionId, Sections } from "../../src/wasm/sections.js";
import { Random } from "../random.js";
import type { Case, Counts, Fuzzer } from "./fuzzer.js";

const WASM_OPT = fileURLToPath(
  new URL("../../node_modules/assemblyscript/node_modules/binaryen/bin/wasm-opt", import.meta.url),
);
/** What its generator may use: what Node 20 and the meter have. Values that are no numbers have one form. */
const GENERATOR = [
  ...["-ttf", "--denan", "--enable-bulk-memory", "--enable-sign-ext", "--enable-nontrapping-float-to-int"],
  ...["--enable-mutable-globals", "--enable-simd", "--enable-multivalue", "--disable-gc"],
];

export const binaryenModules: Fuzzer<number, object> = {
  cases(seed) {
    const random = new Random(seed);
    const parts = Array.from({ length: 2000 + random.below(20_000) }, () => random.below(256));
    return [{ setting: {}, parts }];
  },

  async run({ parts }: Case<number, object>): Promise<Counts> {
    const wasm = generated(parts);
    if (!hasMemory(wasm)) return { modules: 0, compared: 0 };
    const metered = await meterModule(wasm);
    const one = traceOf(wasm, 0);
    const other = traceOf(metered.wasm, metered.base);
    assert.equal(other.length, one.length, "calls");
    for (const [i, event] of one.entries()) assert.equal(other[i], event, `event ${i}`);
    return { modules: 1, compared: one.length };
  },

  simpler: (byte) => (byte > 0 ? [0] : []),
  show: ({ parts }) => Buffer.from(generated(parts)).toString("hex"),
};

/** A module that Binaryen makes of bytes. */
function generated(bytes: readonly number[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "zeropage-fuzz-"));
  const [seed, wasm] = [join(folder, "seed"), join(folder, "module.wasm")];
  try {
    writeFileSync(seed, Uint8Array.from(bytes));
    execFileSync(process.execPath, [WASM_OPT, seed, ...GENERATOR, "-o", wasm], { stdio: "ignore" });
    return readFileSync(wasm);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hasMemory(wasm: Uint8Array): boolean {
  const { imports } = inspectModule(wasm);
  return (
    imports.every(({ kind }) => kind === "function") && new Sections(wasm).get(SectionId.memory) !== null
  );
}

/** All that can be seen of a module whose exports are called one after another, twice. */
function traceOf(wasm: Uint8Array, base: number): string[] {
  const events: string[] = [];
  const log = (...values: unknown[]) => void events.push(`logs ${values.map(shown).join(" ")}`);
  const imports: WebAssembly.Imports = {};
  const module = new WebAssembly.Module(wasm as BufferSource);
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] = { ...imports[from], [name]: log };
  }
  const attempt = (name: string, call: () => unknown) => {
    try {
      events.push(`${name} returns ${shown(call())}`);
    } catch (error) {
      events.push(`${name} throws ${error instanceof WebAssembly.Exception ? "its own" : error}`);
    }
  };
  let exports: WebAssembly.Exports = {};
  attempt("start", () => {
    exports = new WebAssembly.Instance(module, imports).exports;
  });
  for (let round = 0; round < 2; round++) {
    for (const [name, value] of Object.entries(exports)) {
      if (typeof value === "function") attempt(name, () => value(...argumentsOf(round)));
    }
  }
  const memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
  if (memory) events.push(`memory ${digest(new Uint8Array(memory.buffer, base))}`);
  return events;
}

/** More than functions have: numbers for i32 and f64. Where one asks for an i64, the call throws in both. */
const argumentsOf = (round: number): number[] => [round * 77, 65_535, round, 4096, 1, 0];

const shown = (value: unknown): string =>
  typeof value === "number" && Number.isNaN(value) ? "NaN" : Object.is(value, -0) ? "-0" : String(value);

function digest(bytes: Uint8Array): string {
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return `${bytes.length}:${sum >>> 0}`;
}
