/**
 * Mutants of modules that we make, which are mostly damaged: what rewrites modules refuses those that the engine refuses, and no
 * others for their validity. A part of a case is one change.
 */
import { strict as assert } from "node:assert";
import { ModuleError } from "../../src/index.js";
import { meterModule } from "../../src/meter/meter.js";
import { inspectModule } from "../../src/wasm/inspect.js";
import { limitMemory } from "../../src/wasm/limit-memory.js";
import { limitTables } from "../../src/wasm/limit-tables.js";
import { RandomProgram } from "../meter/random-program.js";
import { Random } from "../random.js";
import { assemble } from "../wasm/assemble.js";
import type { Case, Counts, Fuzzer } from "./fuzzer.js";

/** A place, what is done there, and with how many bytes. */
export interface Change {
  at: number;
  do: "put" | "drop" | "repeat" | "cut";
  byte: number;
  bytes: number;
}

/** The module that is changed, by its number. */
export type Parent = { parent: number };

const PARENTS = 64;
/** Mutants of a seed. */
const MUTANTS = 100;
const HEADER = 8;

export const mutants: Fuzzer<Change, Parent> = {
  *cases(seed) {
    const random = new Random(seed);
    const setting = { parent: seed % PARENTS };
    const { length } = parentOf(setting.parent);
    for (let i = 0; i < MUTANTS; i++) {
      yield { setting, parts: Array.from({ length: 1 + random.below(4) }, () => change(random, length)) };
    }
  },

  async run(one: Case<Change, Parent>): Promise<Counts> {
    return { modules: 1, valid: (await readModule(mutantOf(one))) ? 1 : 0 };
  },

  show: (one) => `${JSON.stringify(one)}\n${Buffer.from(mutantOf(one)).toString("hex")}`,
};

/** Rewrites a module by all that does, which gives valid ones of valid ones only. Returns whether it is valid. */
export async function readModule(wasm: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const isValid = WebAssembly.validate(wasm);
  const rewritings = [
    async () => {
      inspectModule(wasm);
      return undefined;
    },
    async () => (await meterModule(wasm)).wasm,
    async () => limitMemory(wasm, 1000),
    async () => limitTables(wasm),
  ];
  for (const rewrite of rewritings) {
    const rewritten = await refusedOr<Uint8Array | undefined>(rewrite);
    // What there is nothing to change of is given back as it is.
    if (rewritten && rewritten !== wasm)
      assert.ok(
        isValid && WebAssembly.validate(rewritten as BufferSource),
        "only valid modules become others",
      );
  }
  return isValid;
}

const parents = new Map<number, Uint8Array>();

/** A few modules, of which mutants are made. */
function parentOf(number: number): Uint8Array {
  const parent = parents.get(number) ?? assemble(new RandomProgram(new Random(number)).module());
  parents.set(number, parent);
  return parent;
}

/** Half of the changes are near the start, where sections say what there is. */
function change(random: Random, length: number): Change {
  const at = HEADER + random.below(random.below(2) ? length - HEADER : 120);
  const what = random.pick(["put", "put", "drop", "repeat", "cut"] as const);
  const byte = random.pick([random.below(256), 0, 0x7f, 0x80, 0xff]);
  return { at, do: what, byte, bytes: 1 + random.below(what === "drop" ? 4 : 6) };
}

/** The parent with bytes that are others, are gone, or come twice, or without its end. */
export function mutantOf({ setting, parts }: Case<Change, Parent>): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer> = Uint8Array.from(parentOf(setting.parent));
  for (const { at, do: what, byte, bytes: count } of parts) {
    if (what === "put" && at < bytes.length) bytes[at] = byte;
    else if (what === "drop") bytes = joined(bytes.subarray(0, at), bytes.subarray(at + count));
    else if (what === "repeat") bytes = joined(bytes.subarray(0, at + count), bytes.subarray(at));
    else if (what === "cut") bytes = bytes.slice(0, at);
  }
  return bytes;
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

async function refusedOr<T>(call: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    assert.ok(error instanceof ModuleError, `a typed error, not ${error}`);
    return undefined;
  }
}
