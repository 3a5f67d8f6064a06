import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { closeTrace } from "../src/compare/closed-trace.js";
import { readTrace } from "../src/index.js";
import { meterModule } from "../src/meter/meter.js";
import { type CollectedTrace, collectTrace } from "../src/trace/collect.js";
import { OpKind, RECORD_BYTES } from "../src/trace/records.js";
import { WASM_PAGE_BYTES } from "../src/wasm/pages.js";
import { type AllocatorExports, instantiate, llhttp, open, tlsf, treeSitter } from "../test/meter/modules.js";
import { assemble } from "../test/wasm/assemble.js";
import { interleave, time } from "./measure.js";

const ROUNDS = 11;
const TRACES = ["git-log", "cc1"] as const;

const MODULES = {
  TLSF: tlsf,
  "TLSF without bulk memory": () => tlsf(false),
  llhttp,
  "tree-sitter": treeSitter,
};

const bytes = "(i32.wrap_i64 (i64.load offset=16 (local.get $record)))";
const first = "(i32.wrap_i64 (i64.load offset=8 (local.get $record)))";
const block = "(i32.load (local.get $slot))";

/**
 * A module that replays records (assembly/shared/records.ts) from its memory, which begins with the block of each slot. Calls go
 * from wasm to wasm, so that the loop costs little compared with the allocator. It composes the functions that the
 * allocator lacks.
 */
function driver({ calloc, realloc }: AllocatorExports): Uint8Array<ArrayBuffer> {
  return assemble(`(module
  (import "allocator" "malloc" (func $malloc (param i32) (result i32)))
  (import "allocator" "free" (func $free (param i32)))
  ${calloc ? `(import "allocator" "calloc" (func $calloc (param i32 i32) (result i32)))` : ""}
  ${realloc ? `(import "allocator" "realloc" (func $realloc (param i32 i32) (result i32)))` : ""}
  (memory (export "memory") 1)
  (func (export "run") (param $record i32) (param $end i32) (local $slot i32) (local $kind i32)
    (loop $next
      (local.set $slot (i32.shl (i32.load offset=4 (local.get $record)) (i32.const 2)))
      (local.set $kind (i32.load (local.get $record)))
      (if (i32.eq (local.get $kind) (i32.const ${OpKind.free})) (then (call $free ${block})))
      (if (i32.eq (local.get $kind) (i32.const ${OpKind.malloc}))
        (then (i32.store (local.get $slot) (call $malloc ${first}))))
      (if (i32.eq (local.get $kind) (i32.const ${OpKind.realloc}))
        (then ${realloc ? "" : `(call $free ${block})`} (i32.store (local.get $slot)
          ${realloc ? `(call $realloc ${block} ${bytes})` : `(call $malloc ${bytes})`})))
      (if (i32.eq (local.get $kind) (i32.const ${OpKind.calloc}))
        (then (i32.store (local.get $slot)
          ${calloc ? `(call $calloc ${first} ${bytes})` : `(call $malloc (i32.mul ${first} ${bytes}))`})))
      (if (i32.eq (local.get $kind) (i32.const ${OpKind.aligned}))
        (then (i32.store (local.get $slot) (call $malloc ${bytes}))))
      (local.set $record (i32.add (local.get $record) (i32.const ${RECORD_BYTES})))
      (br_if $next (i32.lt_u (local.get $record) (local.get $end))))))`);
}

/** The slowdown by metering, for each module and trace, without and with telling apart stores of zero. */
export async function benchMeter(): Promise<void> {
  const slowdowns: Record<string, number[]> = {};
  for (const trace of TRACES) {
    const path = fileURLToPath(new URL(`traces/${trace}.txt.gz`, import.meta.url));
    const records = await collectTrace(await readTrace(createReadStream(path)));
    for (const [name, read] of Object.entries(MODULES)) {
      const wasm = new Uint8Array(await read());
      const metered = async (zeroStores: boolean) => {
        const { wasm: code, base } = await meterModule(wasm, { zeroStores });
        return replaying(code, base, records);
      };
      const figures = await interleave(
        {
          plain: replaying(wasm, 0, records),
          metered: await metered(false),
          "metered with zeroStores": await metered(true),
        },
        ROUNDS,
      );
      const { plain, ...others } = figures;
      const ns = ((plain.median / records.count) * 1e6).toFixed(1);
      for (const [how, { median, spread }] of Object.entries(others)) {
        const slowdown = median / plain.median;
        slowdowns[how] = [...(slowdowns[how] ?? []), slowdown];
        console.log(
          `${trace}, ${name} (${ns} ns an operation), ${how}: ${slowdown.toFixed(2)} (± ${(spread * 100).toFixed(0)} %)`,
        );
      }
    }
  }
  for (const [how, values] of Object.entries(slowdowns)) {
    const mean = Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
    console.log(`${how}: geometric mean ${mean.toFixed(2)}`);
  }
}

/**
 * Measures the second replay on a new instance of a module that is compiled once. Returns milliseconds. The first
 * replay grows the memory and touches it first, which metering does not change.
 */
function replaying(wasm: Uint8Array<ArrayBuffer>, base: number, trace: CollectedTrace): () => number {
  const module = new WebAssembly.Module(wasm);
  const loop = new WebAssembly.Module(driver(open(module, base)));
  const { records } = closeTrace(trace);
  return () => {
    const allocator = open(module, base);
    const { memory, run } = instantiate(loop, { allocator }).exports as unknown as Driver;
    const start = 4 * trace.count;
    memory.grow(Math.ceil((start + records.length) / WASM_PAGE_BYTES));
    new Uint8Array(memory.buffer).set(records, start);
    run(start, start + records.length);
    return time(() => run(start, start + records.length));
  };
}

interface Driver {
  memory: WebAssembly.Memory;
  run(record: number, end: number): void;
}
