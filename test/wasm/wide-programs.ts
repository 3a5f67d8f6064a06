/**
 * Random programs with 64-bit addresses, as they are and lowered, on an engine that has such addresses; among the addresses
 * are some beyond 32 bits. Run by hand with a Node that has them (24 or newer):
 *
 *      node --import tsx test/wasm/wide-programs.ts [programs] [seed]
 */
import { exit, stdout } from "node:process";
import binaryen from "assemblyscript/binaryen";
import { lower } from "../../src/wasm/lower/lower.js";
import { RandomProgram } from "../meter/random-program.js";
import { Random } from "../random.js";
import { assemble } from "./assemble.js";

const [programs = 1000, first = 1] = process.argv.slice(2).map(Number);
const RUNS = 3;
/** Of addresses, one in so many may be beyond. */
const RARELY = 12;
/** Adds 2^32 to an odd number, and 2^63 to a few. */
const WILD = `(func $wild (param i32) (result i64) (i64.or (i64.extend_i32_u (local.get 0)) (i64.or
  (i64.shl (i64.extend_i32_u (i32.eqz (i32.and (local.get 0) (i32.const 31)))) (i64.const 63))
  (i64.shl (i64.extend_i32_u (i32.eqz (i32.and (local.get 0) (i32.const 7)))) (i64.const 32)))))`;

function textOf(seed: number): string {
  const random = new Random(seed);
  const text = new RandomProgram(random, true).module();
  const wild = text.replace(/\(i64\.extend_i32_u /g, (found) =>
    random.below(RARELY) === 0 ? "(call $wild " : found,
  );
  return wild.replace(/\)\s*$/, `${WILD})`);
}

/** What each run gives, or that it traps, and the memory at the end. */
function outcomeOf(wasm: Uint8Array<ArrayBuffer>, seed: number) {
  const { run, memory } = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as {
    run: (one: number, other: number) => number;
    memory: WebAssembly.Memory;
  } & WebAssembly.Exports;
  const results = Array.from({ length: RUNS }, (_, i) => {
    try {
      return run(i, seed);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) return "trap";
      throw error;
    }
  });
  return { results, memory: Buffer.from(memory.buffer) };
}

let traps = 0;
for (let seed = first; seed < first + programs; seed++) {
  const wasm = assemble(textOf(seed), binaryen.Features.All);
  const [own, lowered] = [wasm, lower(wasm)].map((one) => outcomeOf(one, seed));
  traps += own?.results.filter((result) => result === "trap").length ?? 0;
  const isSame = String(own?.results) === String(lowered?.results);
  if (isSame && Buffer.compare(own?.memory as Buffer, lowered?.memory as Buffer) === 0) continue;
  stdout.write(`seed ${seed} differs: ${own?.results} is ${lowered?.results} when lowered\n`);
  exit(1);
}
stdout.write(
  `${programs} programs, ${RUNS * programs} runs, of which ${traps} trap: the same when lowered\n`,
);
