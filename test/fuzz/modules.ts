/**
 * Modules, metered and not. Of those that we make the meter's reference knows every page that is touched, and each byte they
 * leave. Those of Binaryen's generator have every instruction there is: metered, each call has to come to the same. Mutants of
 * both are mostly damaged: what rewrites modules refuses those that the engine refuses, and no others for their validity.
 */
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ModuleError } from "../../src/index.js";
import { meterModule } from "../../src/meter/meter.js";
import { inspectModule } from "../../src/wasm/inspect.js";
import { limitMemory } from "../../src/wasm/limit-memory.js";
import { limitTables } from "../../src/wasm/limit-tables.js";
import { SectionId, Sections } from "../../src/wasm/sections.js";
import { RandomProgram } from "../meter/random-program.js";
import { openTwins, sameBytes } from "../meter/twins.js";
import { Random } from "../random.js";
import { assemble } from "../wasm/assemble.js";

/** What a round came to: modules, and calls or rewritings that were compared. */
export interface ModuleCounts {
  modules: number;
  compared: number;
}

const CALLS = 3;

/** A module of ours, against the exact oracle. */
export async function ownModule(seed: number): Promise<ModuleCounts> {
  const wasm = assemble(new RandomProgram(new Random(seed)).module());
  const twins = await openTwins(wasm, seed % 2 === 0);
  const runs = [twins.metered, twins.recorded].map(({ run }) => run as (a: number, b: number) => number);
  for (let i = 0; i < CALLS; i++) {
    const [one, other] = runs.map((run) => run(i, seed));
    assert.equal(one, other, `seed ${seed}: what run ${i} returns`);
    const { metered, recorded } = twins.readings();
    assert.deepEqual(metered, recorded, `seed ${seed}: readings after run ${i}`);
    assert.ok(sameBytes(twins.contents()), `seed ${seed}: memory after run ${i}`);
  }
  return { modules: 1, compared: CALLS };
}

// ---- Binaryen's generator ----

const WASM_OPT = fileURLToPath(
  new URL("../../node_modules/assemblyscript/node_modules/binaryen/bin/wasm-opt", import.meta.url),
);
/** What its generator may use: what Node 20 and the meter have. Values that are no numbers have one form. */
const GENERATOR = [
  ...["-ttf", "--denan", "--enable-bulk-memory", "--enable-sign-ext", "--enable-nontrapping-float-to-int"],
  ...["--enable-mutable-globals", "--enable-simd", "--enable-multivalue", "--disable-gc"],
];

/** A module that Binaryen makes of random bytes. */
function generated(random: Random): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "zeropage-fuzz-"));
  const [seed, wasm] = [join(folder, "seed"), join(folder, "module.wasm")];
  try {
    writeFileSync(
      seed,
      Uint8Array.from({ length: 2000 + random.below(20_000) }, () => random.below(256)),
    );
    execFileSync(process.execPath, [WASM_OPT, seed, ...GENERATOR, "-o", wasm], { stdio: "ignore" });
    return readFileSync(wasm);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A module of Binaryen's: it logs, returns, traps and leaves in memory the same, metered or not. */
export async function binaryenModule(seed: number): Promise<ModuleCounts> {
  const wasm = generated(new Random(seed));
  if (!hasMemory(wasm)) return { modules: 0, compared: 0 };
  const metered = await meterModule(wasm);
  const one = traceOf(wasm, 0);
  const other = traceOf(metered.wasm, metered.base);
  assert.equal(other.length, one.length, `seed ${seed}: calls`);
  for (const [i, event] of one.entries()) assert.equal(other[i], event, `seed ${seed}: event ${i}`);
  return { modules: 1, compared: one.length };
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

// ---- Mutants ----

const PARENTS = 64;
const parents = new Map<number, Uint8Array>();

/** A few modules, of which mutants are made. */
function parentOf(number: number): Uint8Array {
  const parent = parents.get(number) ?? assemble(new RandomProgram(new Random(number)).module());
  parents.set(number, parent);
  return parent;
}

/** Changes a module at up to four places: bytes become others, go, come twice, or change places. */
export function mutantOf(seed: number): Uint8Array {
  const random = new Random(seed);
  let bytes = [...parentOf(random.below(PARENTS))];
  for (let i = random.below(4); i >= 0; i--) {
    // Half of the changes near the start, where sections say what there is.
    const at = 8 + random.below(random.below(2) ? bytes.length - 8 : 120);
    const kind = random.below(5);
    if (kind < 2) bytes[at] = random.pick([random.below(256), 0, 0x7f, 0x80, 0xff]);
    else if (kind === 2) bytes.splice(at, 1 + random.below(4));
    else if (kind === 3) bytes.splice(at, 0, ...bytes.slice(at, at + 1 + random.below(6)));
    else bytes = bytes.slice(0, 9 + random.below(bytes.length - 8));
  }
  return Uint8Array.from(bytes);
}

/** A mutant: what rewrites it gives a valid module if and only if it is one, or refuses it by a typed error. */
export async function mutant(seed: number): Promise<ModuleCounts> {
  const wasm = mutantOf(seed);
  const isValid = WebAssembly.validate(wasm as BufferSource);
  const rewritings = [
    () => meterModule(wasm).then((metered) => metered.wasm),
    async () => limitMemory(wasm, 1000),
    async () => limitTables(wasm),
  ];
  await refusedOr(async () => void inspectModule(wasm), seed);
  for (const rewrite of rewritings) {
    const rewritten = await refusedOr(rewrite, seed);
    // What there is nothing to change of is given back as it is.
    if (rewritten && rewritten !== wasm)
      assert.equal(
        isValid && WebAssembly.validate(rewritten as BufferSource),
        true,
        `seed ${seed}: validity`,
      );
  }
  return { modules: 1, compared: rewritings.length };
}

async function refusedOr<T>(call: () => Promise<T>, seed: number): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    assert.ok(error instanceof ModuleError, `seed ${seed}: a typed error, not ${error}`);
    return undefined;
  }
}
