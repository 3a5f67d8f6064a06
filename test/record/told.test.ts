/** What rewritten code tells of its accesses, in units of 8 bytes, against the reference of the meter's tests. */
import { expect, it } from "vitest";
import { GRANULE_SHIFT } from "#shared/recorder";
import { readHookModule } from "../../src/meter/hooks.js";
import { CLEARING } from "../../src/record/module/prepare.js";
import { readRecordable, rewriteModule } from "../../src/record/module/rewrite.js";
import { instantiate } from "../meter/modules.js";
import { RandomProgram } from "../meter/random-program.js";
import { referenceModule } from "../meter/reference.js";
import { Random } from "../random.js";
import { assemble } from "../wasm/assemble.js";

const PROGRAMS = 25;
type Run = (a: number, b: number) => number;

/** Bytes that were read and written, and how much of what was cleared was zero. */
class Accesses {
  readonly read = new Set<number>();
  readonly written = new Set<number>();
  cleared: [bytes: number, zeroes: number] = [0, 0];

  note(set: Set<number>, start: number, bytes: number): void {
    for (let byte = 0; byte < bytes; byte++) set.add((start >>> 0) + byte);
  }
}

/** Those of the reference: each instruction calls it. */
function expected(wasm: Uint8Array, a: number, b: number) {
  const seen = new Accesses();
  let memory: WebAssembly.Memory;
  let zeroes = 0;
  const reference = {
    before: (address: number, _offset: bigint, bytes: number) => {
      zeroes = new Uint8Array(memory.buffer, address >>> 0)
        .slice(0, bytes)
        .filter((byte) => byte === 0).length;
    },
    after: (address: number, offset: bigint, reads: number, writes: number) => {
      seen.note(seen.read, (address >>> 0) + Number(offset), reads);
      seen.note(seen.written, (address >>> 0) + Number(offset), writes);
    },
    filled: (to: number, value: number, bytes: number) => {
      seen.note(seen.written, to, bytes);
      if ((value & 255) === 0) seen.cleared = [seen.cleared[0] + bytes, seen.cleared[1] + zeroes];
    },
    copied: (to: number, from: number, bytes: number) => {
      seen.note(seen.read, from, bytes);
      seen.note(seen.written, to, bytes);
    },
    initialized: (to: number, _from: number, bytes: number) => seen.note(seen.written, to, bytes),
    grown: () => {},
  };
  const { exports } = instantiate(referenceModule(wasm), { reference });
  memory = exports.memory as WebAssembly.Memory;
  return { result: (exports.run as Run)(a, b), seen, contents: new Uint8Array(memory.buffer) };
}

async function told(wasm: Uint8Array, a: number, b: number) {
  const seen = new Accesses();
  const hooks: Record<string, CallableFunction> = {
    read: (start: number, bytes: number) => seen.note(seen.read, start, bytes),
    write: (start: number, bytes: number) => seen.note(seen.written, start, bytes),
    clear: (start: number, bytes: number, zeroes: number) => {
      seen.note(seen.written, start, bytes);
      seen.cleared = [seen.cleared[0] + bytes, seen.cleared[1] + zeroes];
    },
    enter: () => {},
    leave: () => {},
  };
  const clearing = await readHookModule(CLEARING, ["zeroes"]);
  const place = { module: "hooks", nameOf: (hook: string) => hook };
  const options = { found: [], memset: undefined, lowest: 0, place, clearing };
  const rewritten = rewriteModule(readRecordable(wasm), options);
  const { exports } = instantiate(rewritten, { hooks } as unknown as WebAssembly.Imports);
  const result = (exports.run as Run)(a, b);
  return { result, seen, contents: new Uint8Array((exports.memory as WebAssembly.Memory).buffer) };
}

/** Addresses that are constants are statics', and are not told: here they are made ones that nobody can know. */
const hideConstants = (text: string) =>
  text.replace(
    /\(i32\.const (2000[148]|2409[256]|28190)\)/g,
    "(i32.add (i32.and (global.get $g) (i32.const 0)) (i32.const $1))",
  );

/** Of a unit of which some was told no more need be; of what was not accessed nothing may be. */
function compare(told: Set<number>, accessed: Set<number>, label: string): void {
  const units = (set: Set<number>) =>
    [...new Set([...set].map((byte) => byte >>> GRANULE_SHIFT))].sort((a, b) => a - b);
  expect(units(told), label).toEqual(units(accessed));
  expect(
    [...told].filter((byte) => !accessed.has(byte)),
    label,
  ).toEqual([]);
}

it("random programs tell every unit that they access and no other byte, and compute the same", async () => {
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const wasm = assemble(hideConstants(new RandomProgram(new Random(seed)).module()));
    const [one, other] = [expected(wasm, 3, seed), await told(wasm, 3, seed)];
    expect(other.result, `seed ${seed}`).toBe(one.result);
    expect(Buffer.compare(one.contents, other.contents), `seed ${seed}`).toBe(0);
    compare(other.seen.read, one.seen.read, `reads, seed ${seed}`);
    compare(other.seen.written, one.seen.written, `writes, seed ${seed}`);
    expect(other.seen.cleared, `cleared, seed ${seed}`).toEqual(one.seen.cleared);
  }
});

it("what overlaps with what was told is told to its end", async () => {
  const wasm = assemble(`(module (memory (export "memory") 1)
    (func (export "run") (param $at i32) (param $more i32) (result i32)
      (drop (i64.load (local.get $at)))
      (if (local.get $more) (then (drop (i64.load offset=4 (local.get $at)))))
      (i32.load offset=6 align=1 (local.get $at))))`);
  for (const more of [0, 1]) {
    const [one, other] = [expected(wasm, 64, more), await told(wasm, 64, more)];
    compare(other.seen.read, one.seen.read, `more ${more}`);
  }
});

it("what was told last is told again with what lies before or behind it", async () => {
  for (const offset of [4, 12]) {
    const wasm = assemble(`(module (memory (export "memory") 1)
      (func (export "run") (param $at i32) (param $other i32) (result i32)
        (drop (i32.load offset=8 (local.get $at)))
        (if (local.get $other) (then (drop (i64.load offset=${offset} align=1 (local.get $other)))))
        (i32.const 0)))`);
    const [one, other] = [expected(wasm, 64, 64), await told(wasm, 64, 64)];
    compare(other.seen.read, one.seen.read, `offset ${offset}`);
  }
});
