/** An allocator with 64-bit addresses against itself with 32-bit ones, in Node and in the browser. */
import { describe, expect, it } from "vitest";
import { checkAllocator } from "../../src/conformance.js";
import { openWasmAllocator, recordModule, type WasmAllocator, type WasmOptions } from "../../src/index.js";
import { lower } from "../../src/wasm/lower/lower.js";
import { Random } from "../random.js";
import { whyAbsent } from "./absent.js";
import { fixtureBytes, openFixture, openTrace } from "./replays.js";

const NAMES = ["wide-32", "wide-64"] as const;
const absent = NAMES.map(whyAbsent).find((why) => why !== undefined);

/** More than these traces need. */
const PAGES = 4096;

const both = <T>(run: (name: string) => Promise<T>) => Promise.all(NAMES.map(run));
const open = (options: WasmOptions = {}) => both((name) => openFixture(name, options));

describe.skipIf(absent)("an allocator with 64-bit addresses", () => {
  it("is driven as one with 32 bits, and it is said that it is lowered", async () => {
    const [narrow, wide] = (await open()) as [WasmAllocator, WasmAllocator];
    const { findings, ...report } = wide.report;
    expect({ ...report, findings: [] }).toEqual(narrow.report);
    expect(findings).toEqual([expect.stringMatching(/^its addresses have 64 bits and are lowered to 32/)]);
    const { malloc, free } = wide.instance.exports as Record<string, (number: number) => number>;
    const pointer = malloc?.(100) as number;
    expect(pointer).toBeGreaterThan(0);
    free?.(pointer);
  });

  it("answers, touches and clears the same", async () => {
    const outcomes = await both(async (module) => {
      const allocator = await openFixture(module, { meter: true });
      const addresses: number[] = [];
      const { operations } = await allocator.replay(await openTrace("git-log"), {
        verify: true,
        onResults: (results) => addresses.push(...results),
      });
      const { calls, zeroed, touched, bytes } = allocator.counters();
      return {
        operations,
        addresses,
        counts: { calls, zeroed, touched, bytes },
        pages: allocator.pages(0, PAGES),
      };
    });
    const [narrow, wide] = outcomes;
    expect(wide?.addresses).toEqual(narrow?.addresses);
    expect(wide).toEqual(narrow);
    expect(narrow?.counts.zeroed.allocator).toBeGreaterThan(0);
  });

  it("gets the same verdicts", async () => {
    const cases = [
      "calloc-reused",
      "calloc-overflow",
      "alignment",
      "realloc-contents",
      "usable-size",
      "exhaustion",
    ];
    const verdicts = await both(async (name) => {
      const wasm = await fixtureBytes(name);
      const { outcomes } = await checkAllocator(
        (memoryBytes) => openWasmAllocator(wasm, memoryBytes === undefined ? {} : { memoryBytes }),
        {
          cases,
        },
      );
      return outcomes.map(({ name, state }) => [name, state]);
    });
    expect(verdicts[1]).toEqual(verdicts[0]);
    expect(verdicts[0]).toEqual(cases.map((name) => [name, "pass"]));
  });

  it("is recorded the same, and told what its program called with 64 bits", async () => {
    const traces = await both(async (name) => {
      const { module, recording } = await recordModule(await fixtureBytes(name));
      const { exports } = await WebAssembly.instantiate(module, {});
      const number = (value: number) => (name === "wide-64" ? BigInt(value) : value);
      const call = (what: string, ...values: number[]) =>
        Number((exports[what] as CallableFunction)(...values.map(number)));
      const out = call("malloc", 16);
      call("posix_memalign", out, 64, 100);
      const block = call("realloc", call("calloc", 10, 30), 3000);
      call("free", block);
      const operations: number[][] = [];
      for await (const { records, count } of recording.trace()) {
        operations.push([...records.subarray(0, count * (records.length / count))]);
      }
      recording.end();
      return { operations, zeroed: recording.zeroed, calls: recording.operations };
    });
    expect(traces[1]).toEqual(traces[0]);
    expect(traces[0]?.calls).toBe(5);
  });

  it("computes, lowered, what it does on an engine that has such addresses", async ({ skip }) => {
    const wasm = await fixtureBytes("wide-64");
    skip(!WebAssembly.validate(wasm), "this engine has no 64-bit addresses");
    const [own, lowered] = await Promise.all(
      [wasm, lower(wasm)].map(async (bytes) => {
        const { exports } = (await WebAssembly.instantiate(bytes)).instance;
        const { malloc, free, memory } = exports as Record<string, (value: bigint) => bigint> & {
          memory: WebAssembly.Memory;
        };
        const random = new Random(64);
        const live: bigint[] = [];
        const results = Array.from({ length: 5000 }, () => {
          if (live.length > 50 || random.below(3) === 0) {
            const [freed = 0n] = live.splice(random.below(live.length), 1);
            free?.(freed);
            return freed;
          }
          const block = malloc?.(BigInt(1 + random.below(2 ** (1 + random.below(18))))) as bigint;
          live.push(block);
          return block;
        });
        return { results, contents: new Uint8Array(memory.buffer) };
      }),
    );
    expect(lowered?.results).toEqual(own?.results);
    expect(lowered?.contents.length).toBe(own?.contents.length);
    expect(lowered?.contents.findIndex((byte, i) => byte !== own?.contents[i])).toBe(-1);
  });
});
