import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openWasmAllocator, readTrace, type WasmSource } from "../src/index.js";
import { collectTrace, traceOf } from "../src/trace/collect.js";
import { OpKind, RECORD_BYTES } from "../src/trace/records.js";
import type { TraceChunk } from "../src/trace/trace.js";
import { interleave, time } from "./measure.js";

const ROUNDS = 9;
const PAIRS = 1024;
const TIMES = 2000;
/** Every pair is a malloc and a free. */
const OPERATIONS = 2 * PAIRS * TIMES;

interface CFunctions {
  malloc(bytes: number): number;
  calloc(count: number, size: number): number;
  realloc(pointer: number, bytes: number): number;
  free(pointer: number): void;
}

const built = (name: string) => new URL(`../build/${name}.wasm`, import.meta.url);

async function instantiate(name: string, imports: WebAssembly.Imports = {}): Promise<WebAssembly.Exports> {
  return (await WebAssembly.instantiate(await readFile(built(name)), imports)).instance.exports;
}

/** Pairs of malloc and free, as records. */
async function pairs(): Promise<TraceChunk> {
  const text = Array.from({ length: PAIRS }, (_, id) => `a ${id % 64} 16\nf ${id % 64}\n`).join("");
  return collectTrace(await readTrace(new TextEncoder().encode(text)));
}

const slots = new Uint32Array(1 << 16);

/** The loop of assembly/driver.ts in JavaScript, where each call crosses into wasm. */
function replayInJavaScript(
  { malloc, calloc, realloc, free }: CFunctions,
  { records, count }: TraceChunk,
): void {
  const words = new Uint32Array(records.buffer, records.byteOffset, (count * RECORD_BYTES) / 4);
  for (let at = 0; at < words.length; at += RECORD_BYTES / 4) {
    const slot = words[at + 1] as number;
    const [first, second] = [words[at + 2] as number, words[at + 4] as number];
    const kind = words[at];
    if (kind === OpKind.malloc) slots[slot] = malloc(first);
    else if (kind === OpKind.free) free(slots[slot] as number);
    else if (kind === OpKind.calloc) slots[slot] = calloc(first, second);
    else if (kind === OpKind.realloc) slots[slot] = realloc(slots[slot] as number, second);
  }
}

/** What it costs to drive an allocator, by itself and compared with a real one. */
export async function benchDriver(): Promise<void> {
  await benchEmpty();
  await benchReal();
}

async function benchEmpty(): Promise<void> {
  const empty = (await instantiate("bench-empty")) as unknown as CFunctions;
  const calls = await instantiate("bench-calls", {
    "bench-calls": empty as unknown as WebAssembly.ModuleImports,
  });
  const run = calls.run as (times: number) => void;
  const allocator = await openWasmAllocator(built("bench-empty"));
  const records = await pairs();
  const figures = await interleave(
    {
      bare: () => time(() => run(PAIRS * TIMES)),
      wasm: () => time(() => allocator.repeat(records, TIMES)),
      javascript: () => time(() => repeat(TIMES, () => replayInJavaScript(empty, records))),
    },
    ROUNDS,
  );
  const ns = (name: keyof typeof figures) => (figures[name].median * 1e6) / OPERATIONS;
  const line = (what: string, value: number) => console.log(`${what}: ${value.toFixed(2)} ns an operation`);
  line("an empty allocator, only called from wasm", ns("bare"));
  line("an empty allocator, driven from wasm", ns("wasm"));
  line("the driver's own part of that", ns("wasm") - ns("bare"));
  line("an empty allocator, driven from JavaScript", ns("javascript"));
}

function repeat(times: number, run: () => void): void {
  for (let i = 0; i < times; i++) run();
}

/** cc1 on web-tree-sitter's allocator, from wasm and from JavaScript. */
async function benchReal(): Promise<void> {
  const source: WasmSource = new URL(import.meta.resolve("web-tree-sitter/web-tree-sitter.wasm"));
  const path = fileURLToPath(new URL("traces/cc1.txt.gz", import.meta.url));
  const trace = await collectTrace(await readTrace(createReadStream(path)));
  const open = () => openWasmAllocator(source, { unknownImports: "trap" });
  const allocator = await open();
  const other = (await open()).instance.exports as unknown as CFunctions;
  const figures = await interleave(
    {
      wasm: async () => {
        const start = performance.now();
        await allocator.replay(traceOf([trace], trace.notes));
        return performance.now() - start;
      },
      javascript: () => time(() => replayInJavaScript(other, trace)),
    },
    ROUNDS,
  );
  for (const [name, { median, spread }] of Object.entries(figures)) {
    const ns = (median * 1e6) / trace.count;
    console.log(
      `cc1 on dlmalloc (web-tree-sitter), driven from ${name}: ${ns.toFixed(1)} ns an operation (± ${(spread * 100).toFixed(0)} %)`,
    );
  }
}
