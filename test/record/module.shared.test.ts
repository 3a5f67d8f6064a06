/** Recorded modules: they compute the same, and what is recorded replays to the same. */
import { describe, expect, it } from "vitest";
import {
  collectTrace,
  openWasmAllocator,
  recordModule,
  subtract,
  type WasmAllocator,
} from "../../src/index.js";
import { traceOf } from "../../src/trace/collect.js";
import { OpKind, TraceRecords } from "../../src/trace/records.js";
import { whyAbsent } from "../foreign/absent.js";
import { fixtureBytes } from "../foreign/replays.js";

type Run = (seed: number, steps: number) => number;

/** Its calloc is composed, as the program's own is: so only what memory.fill clears is counted. */
const FUNCTIONS = { malloc: "malloc", realloc: "realloc", free: "free", aligned: "aligned_alloc" };
const [SEED, STEPS] = [11, 6000];
const PAGE = 4096;

const open = (bytes: Uint8Array) =>
  openWasmAllocator(bytes, { functions: FUNCTIONS, meter: true, unknownImports: "trap" });

/** WASI functions that the programs link and do not call. */
const nothing = new Proxy({}, { get: () => () => 0, has: () => true });
const imports = { wasi_snapshot_preview1: nothing, env: nothing } as WebAssembly.Imports;

async function recorded(bytes: Uint8Array) {
  const functions = { calloc: "zalloc" };
  const { module, recording } = await recordModule(bytes, { functions });
  const { exports } = await WebAssembly.instantiate(module, imports);
  (exports._initialize as () => void)?.();
  return { exports, recording };
}

/** What happened to each page from one on: R for read, W for written. */
function pagesFrom(allocator: WasmAllocator, first: number): string[] {
  return allocator
    .pages(first, allocator.hostBytes - first)
    .flatMap(({ pages, read, written }) => Array(pages).fill(`${read ? "R" : "-"}${written ? "W" : "-"}`));
}

/** As the program adds up its addresses. */
function sumOf(addresses: readonly number[]): number {
  return addresses
    .filter((address) => address > 0)
    .reduce((sum, address) => Math.imul(sum ^ address, 16777619) | 1, 1);
}

describe.for(["recorded-wasi", "recorded-emscripten"])("a recorded %s", (name) => {
  const why = whyAbsent(name);

  it("computes what the original does, and replays to its addresses, pages and zeroed bytes", async ({
    skip,
  }) => {
    skip(why !== undefined, why);
    const bytes = await fixtureBytes(name);
    const original = await open(bytes);
    const before = original.snapshot();
    const hash = (original.instance.exports.run as Run)(SEED, STEPS);

    const { exports, recording } = await recorded(bytes);
    expect((exports.run as Run)(SEED, STEPS)).toBe(hash);
    const { allocator: zeroedBytes, needless } = subtract(original.counters(), before).zeroed;
    expect(recording.zeroed).toEqual({ bytes: zeroedBytes, needless });
    expect(needless).toBeGreaterThan(0);

    const trace = await collectTrace(recording.trace());
    expect(trace.notes.losses).toHaveLength(1);
    const replayed = await open(bytes);
    const opened = replayed.snapshot();
    const addresses: number[] = [];
    await replayed.replay(traceOf([trace], trace.notes), {
      onResults: (results) => addresses.push(...results),
    });
    expect(sumOf(addresses)).toBe((exports.sum as () => number)());
    const given = addresses.filter((address) => address > 0);
    const first = Math.floor(Math.min(...given) / PAGE) * PAGE;
    expect(pagesFrom(replayed, first)).toEqual(pagesFrom(original, first));
    expect(subtract(replayed.counters(), opened).zeroed.allocator).toBe(zeroedBytes);
    expect(replayed.hostBytes).toBe(original.hostBytes);
    const kinds = new TraceRecords(trace.records);
    const count = (kind: OpKind) =>
      Array.from({ length: trace.count }, (_, i) => kinds.kind(i)).filter((each) => each === kind).length;
    expect(count(OpKind.calloc)).toBeGreaterThan(100);
    expect(count(OpKind.aligned)).toBeGreaterThan(100);
    expect(count(OpKind.realloc)).toBeGreaterThan(100);
  });
});
