/**
 * Every registered model, on both builds, keeps the C library's promises: in every variant in Node, and by default in
 * browsers, where the same modules run.
 */
import { describe, expect, it } from "vitest";
import { chooseCases } from "../../src/conformance/check.js";
import { Tester } from "../../src/conformance/tester.js";
import { AllocatorAbort, type ModelInfo, models, type Sandbox } from "../../src/index.js";
import { openRenewed } from "../renewed.js";
import { CHECKS, some, THOROUGH } from "../thorough.js";
import { SuspiciousProgram } from "./program.js";

const CALLS = 300;
const SEEDS = [0x5eed, 0xca110c] as const;
/** Sizes about every edge that some model has. */
const SIZES = [
  1,
  15,
  16,
  17,
  1008,
  1009,
  4095,
  4096,
  4097,
  32_769,
  130_048,
  130_049,
  2 ** 20,
  2 ** 22 + 1,
] as const;

/**
 * Cases of the library that take no time. By default a model is asked all of them in cases.test.ts, or a third where
 * tests are not thorough; what the slow ones are about is asked here of every variant at the edges that models have.
 */
const PROMISES = [
  "alignment",
  "calloc-after-grow",
  "calloc-after-shrink",
  "calloc-overflow",
  "free-nothing",
  "nothing",
  "page-sizes",
  "realloc-contents",
  "realloc-failed",
  "realloc-nothing",
  "two-large",
  "usable-size",
] as const;

/** What options that are numbers, or work together, need beside the variants that every model has. */
const MORE: Record<string, readonly Record<string, string | number>[]> = {
  jemalloc: [{ dirty_decay_ms: 0 }, { dirty_decay_ms: -1 }, { clock: 10_000_000 }],
  libmalloc: [
    { cpus: 1 },
    { cpus: 8 },
    { version: 283, memory: 64 * 2 ** 30 },
    { version: 792, memory: 64 * 2 ** 30, pageSize: 16384, zeroing: "dirty", cache: "off" },
  ],
  mimalloc: [{ decommit_delay: 0, segment_decommit_delay: 0 }, { clock: 10_000_000 }],
};

/** What a word of an option needs beside it. */
const WITH: Record<string, Record<string, number>> = { "nano=on": { version: 283 } };

/** To these, as to the real ones, a pointer into a large block is as good as the block's own. */
const TAKE_ANY_IN_BLOCK: readonly string[] = ["mimalloc"];

const isInBrowser = "document" in globalThis;

/** The options that a model is tried with: a layer's own, on the first model below that it has; those of that are tried by itself. */
function optionsOf({ name, options, layers }: ModelInfo): ModelInfo["options"] {
  if (!layers) return options;
  const first = models.find((other) => other.layers?.layer === layers.layer);
  return first?.name === name ? layers.layer.options : [];
}

/** The defaults, each option's every word, and the page sizes, where there is a choice. */
const variants = models.flatMap((model) => [
  { model: model.name, options: {} },
  ...optionsOf(model).flatMap(({ name: option, values = [] }) =>
    values.map((value) => ({
      model: model.name,
      options: { [option]: value, ...WITH[`${option}=${value}`] },
    })),
  ),
  ...(model.only?.pageSize ? [] : THOROUGH ? [16384, 65536] : [16384]).map((pageSize) => ({
    model: model.name,
    options: { pageSize },
  })),
  ...(MORE[model.name] ?? []).map((options) => ({ model: model.name, options })),
]);

function label({ model, options }: (typeof variants)[number]): string {
  return [model, ...Object.entries(options).map(([name, value]) => `${name}=${value}`)].join(":");
}

const tried = variants.filter(({ options }) => !isInBrowser || Object.keys(options).length === 0);

/** What costs most, for its many bytes or blocks: asked of variants where tests are thorough. */
const COSTLY: readonly unknown[] = [2 ** 20, 2 ** 22 + 1, "realloc-contents", "usable-size"];

const isDefault = ({ options }: (typeof variants)[number]) => Object.keys(options).length === 0;

/** Of options, unless tests are thorough, some calls on the check build. */
const cases = tried.flatMap((variant) =>
  (isDefault(variant) ? [false, true] : CHECKS).map((check) => ({
    ...variant,
    check,
    name: `${label(variant)}${check ? " (check build)" : ""}`,
  })),
);

describe.each(cases)("$name", ({ model, options, check }) => {
  const part = <T>(all: readonly T[]): readonly T[] =>
    isDefault({ model, options }) || THOROUGH
      ? all
      : some(
          all.filter((one) => !COSTLY.includes(one)),
          Math.ceil(all.length / 4),
        );
  const open = (more: Record<string, number> = {}): Promise<Sandbox> =>
    openRenewed(model, { ...options, ...more, check });

  it.each(part(SIZES))("callocs %i zeroed bytes, fresh and where the program has written", async (bytes) => {
    const sandbox = await open();
    for (let round = 0; round < 4; round++) {
      const pointer = sandbox.calloc(1, bytes);
      expect(sandbox.fillEnd(pointer, 0, bytes)).toBe(bytes);
      // The whole of it the first time, and only its end later on.
      if (round === 0) sandbox.fill(pointer, 0xa5, bytes);
      else sandbox.store(pointer + bytes - 1, 0xa5);
      sandbox.free(pointer);
    }
    sandbox.check();
  });

  it.each(part(PROMISES))("keeps the promise %s", async (name) => {
    const [one] = chooseCases([name]);
    const sandbox = await open(one?.memoryBytes === undefined ? {} : { addressSpace: one.memoryBytes });
    expect(one?.run(new Tester(sandbox, { addressBits: 64, alignment: 16, seed: 1 }))).toBeUndefined();
    sandbox.check();
  });

  it("says why a product that overflows gets nothing, and that nothing may be used at nothing", async () => {
    const sandbox = await open();
    expect(sandbox.calloc(2 ** 40, 2 ** 40)).toBe(0);
    expect(sandbox.lastError).toMatchObject({ kind: "overflow", requested: Number.POSITIVE_INFINITY });
    expect(sandbox.calloc(2 ** 20, 1)).not.toBe(0);
    expect(sandbox.lastError).toBeNull();
    expect(sandbox.usableSize(0)).toBe(0);
    sandbox.check();
  });

  it("answers 0 when address space runs out, keeps what it has, and goes on", async () => {
    // Larger than what any model keeps in regions.
    const bytes = 2 ** 24;
    const sandbox = await open({ addressSpace: 64 * bytes });
    const blocks: number[] = [];
    for (let pointer = sandbox.malloc(bytes); pointer; pointer = sandbox.malloc(bytes)) {
      sandbox.store(pointer, 7);
      blocks.push(pointer);
    }
    expect(blocks.length).toBeGreaterThan(30);
    expect(sandbox.lastError).toMatchObject({ kind: "address-space" });
    const [first = 0] = blocks;
    expect(sandbox.realloc(first, 80 * bytes)).toBe(0);
    for (const pointer of blocks) expect(sandbox.load(pointer)).toBe(7);
    for (const pointer of blocks) sandbox.free(pointer);
    expect(sandbox.malloc(bytes)).not.toBe(0);
    sandbox.check();
  });

  it("stops at a pointer it never gave, and stays usable", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(2 ** 22);
    const { bytes, zeroed } = sandbox.counters();
    const stranger = TAKE_ANY_IN_BLOCK.includes(model) ? 2 ** 46 : pointer + 2 ** 21;
    expect(() => sandbox.free(stranger)).toThrow(AllocatorAbort);
    // It may have looked at what is there before it noticed.
    expect(sandbox.counters()).toMatchObject({ bytes, zeroed });
    sandbox.free(pointer);
    sandbox.check();
  });

  it.each(part(SEEDS))("keeps every promise to a suspicious program, seed %i", async (seed) => {
    const sandbox = await open();
    new SuspiciousProgram(sandbox, seed).run(CALLS);
    expect(sandbox.counters().bytes.inUse).toBe(0);
    sandbox.check();
  });
});
