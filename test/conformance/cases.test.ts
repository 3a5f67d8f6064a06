/** Every case is failed by an allocator that breaks just the promise it is about, and passed by those that keep all. */
import { describe, expect, it, vi } from "vitest";
import { checkAllocator, conformanceCases, type Subject } from "../../src/conformance.js";
import { models, openModel } from "../../src/index.js";
import { THOROUGH, thirdOf } from "../thorough.js";
import { ArenaAllocator } from "./arenas.js";
import { FlawedAllocator, type Flaws } from "./flawed.js";

// On a machine that runs other tests beside.
vi.setConfig({ testTimeout: 120_000 });

const MIB = 2 ** 20;
const failing = async (flaws: Flaws, cases?: string[]) =>
  failingOf((bytes) => new FlawedAllocator(flaws, bytes), cases);
const failingOf = async (make: (bytes?: number) => Subject, cases?: string[]) => {
  const { outcomes } = await checkAllocator(async (bytes) => make(bytes), cases && { cases });
  return outcomes.filter(({ state }) => state === "fail").map(({ name }) => name);
};

/** How often something happened; for flaws that wait. */
let times = 0;

/** By the case that is about it. */
const FLAWS: Record<string, Flaws> = {
  "calloc-fresh": { spoil: (bytes, { fresh }) => (fresh && bytes === 4097 ? 4096 : undefined) },
  "calloc-reused": { skipsClearing: (bytes, { fresh }) => !fresh && bytes === 4097 },
  "calloc-reused-in-part": { skipsClearing: (_, __, first) => first === 0 },
  "calloc-after-shrink": { skipsClearing: (_, { by }) => by === "shrink" },
  "calloc-after-grow": { skipsClearing: (_, { by }) => by === "move" },
  "calloc-scribbled": { skipsClearing: (bytes) => bytes === 320 },
  "calloc-new-arena": { skipsClearing: (bytes) => bytes > MIB },
  "calloc-grown": {
    hostLeaves: (start, bytes) => (start > 4 * MIB && bytes < 8 * MIB ? 0xcd : 0),
    skipsClearing: (bytes, { fresh }) => fresh && bytes >= MIB,
  },
  "calloc-across-growth": { skipsClearing: (_, { extended }) => extended },
  "calloc-overflow": { product: (count, size) => Number(BigInt.asUintN(32, BigInt(count) * BigInt(size))) },
  nothing: { malloc: (bytes, { last }) => (bytes === 0 ? last : undefined) },
  "free-nothing": {
    frees: (pointer) => {
      if (pointer === 0) throw new Error("unreachable");
      return undefined as unknown as number;
    },
  },
  exhaustion: {
    outOfMemory: (bytes) => {
      if (bytes === MIB) throw new Error("unreachable");
      return 0;
    },
  },
  "realloc-failed": { freesWhenReallocFails: true },
  "page-sizes": { malloc: (bytes) => (bytes === 65_536 - 8 ? 0 : undefined) },
  "high-addresses": { shift: (pointer) => (pointer > 2 ** 31 && ++times % 3 === 0 ? -64 : 0) },
  alignment: { align: (pointer, align) => (align === 4096 ? pointer + 8 : pointer) },
  "alignment-16": { reserve: () => 8, shift: () => 8, align: (pointer) => pointer - 8 },
  "no-overlap": { reserve: (bytes) => (bytes < 8192 && bytes % 64 === 33 ? -32 : 0) },
  "realloc-contents": { copies: (old) => (old > 100_000 ? old / 2 : old) },
  "realloc-nothing": { realloc: (pointer) => (pointer === 0 ? 0 : undefined) },
  "large-gap": {
    frees: (_, bytes) => (bytes >= 16 * MIB ? bytes + 2 * MIB : (undefined as unknown as number)),
  },
  "fill-and-empty": { frees: (_, bytes) => (bytes === 16 + 97 ? 0 : (undefined as unknown as number)) },
  "usable-size": { tells: (bytes) => (bytes === 1024 ? 16 : 0) },
  "resize-and-empty": { leaksWhenMoving: true },
  "two-large": { frees: (_, bytes) => (bytes === 340_784 ? 0 : (undefined as unknown as number)) },
  "keeps-state": {
    malloc: (bytes, { last }) => {
      times = bytes === 24 ? times + 1 : 0;
      return times > 6 ? last : undefined;
    },
  },
};

/** Long programs find what those that are about one thing do not. */
const BROAD: Record<string, Flaws> = {
  // 16 bytes that grew by half, sixteen times.
  workloads: { copies: (old) => (old === 10_390 ? old - 8 : old) },
  "random-program": { forgetsStart: true },
};

describe("a case", () => {
  it.each(Object.entries({ ...FLAWS, ...BROAD }))(
    "%s is failed by what breaks its promise",
    async (name, flaws) => {
      times = 0;
      expect(await failing(flaws, [name])).toEqual([name]);
    },
  );

  it("of a long program says at which call it failed, of what", async () => {
    const open = async () => new FlawedAllocator({ reserve: (bytes) => (bytes > 900 ? -512 : 0) });
    const { outcomes } = await checkAllocator(open, { cases: Object.keys(BROAD), seed: 7 });
    const overlaps = "the new block \\[0x[0-9a-f]+, \\d+ bytes\\] overlaps the live one";
    expect(outcomes).toMatchObject([
      { seen: expect.stringMatching(`${overlaps} .*\\(call \\d+ of the workload mixed\\)$`) },
      { seen: expect.stringMatching(`${overlaps} .*\\(call \\d+ of the random program of seed 7\\)$`) },
    ]);
  });

  it("of alignment to 16 is skipped where the ABI does not ask for it", async () => {
    const open = async () => new FlawedAllocator(FLAWS["alignment-16"]);
    const states = [16, 8, null].map(async (alignment) => {
      const options = { cases: ["alignment-16"], alignment: alignment as 8 | 16 | null };
      return (await checkAllocator(open, options)).outcomes[0]?.state;
    });
    expect(await Promise.all(states)).toEqual(["fail", "skip", "skip"]);
  });

  it("finds arenas whose notes are believed to be zero, and passes those where they are made so", async () => {
    const cases = ["calloc-fresh", "calloc-reused", "calloc-new-arena", "no-overlap"];
    expect(await failingOf((bytes) => new ArenaAllocator(true, bytes), cases)).toEqual(["calloc-new-arena"]);
    expect(await failingOf((bytes) => new ArenaAllocator(false, bytes), cases)).toEqual([]);
  });

  it("is passed by an allocator that keeps all promises", async () => {
    const cases = Object.keys({ ...FLAWS, ...BROAD });
    const open = async (bytes?: number) => new FlawedAllocator({}, bytes);
    const { outcomes, passed } = await checkAllocator(open, { cases });
    expect(outcomes.filter(({ state }) => state !== "pass")).toEqual([]);
    expect(passed).toBe(true);
  });

  it("of addresses of 32 bits is skipped where the allocator's end beyond, without being told", async () => {
    const options = { cases: ["high-addresses"] };
    const { outcomes } = await checkAllocator(() => openModel("glibc"), options);
    expect(outcomes).toMatchObject([{ state: "skip", reason: "it is about addresses of 32 bits" }]);
  });

  it("tells what was seen, and the calls before it", async () => {
    const open = async () => new FlawedAllocator(FLAWS["calloc-scribbled"]);
    const { outcomes } = await checkAllocator(open, { cases: ["calloc-scribbled"] });
    expect(outcomes[0]).toMatchObject({
      state: "fail",
      seen: "byte 0 of 320 zeroed bytes at 0x400 is 171",
      calls: expect.arrayContaining(["malloc(320) = 0x400", "free(0x400)", "calloc(1, 320) = 0x400"]),
      issue: "https://github.com/microsoft/mimalloc/pull/1385",
    });
  });

  it("is marked where it passed by what was composed, and skipped where it does not apply", async () => {
    const open = async (bytes?: number) => new FlawedAllocator({}, bytes);
    const options = { cases: ["calloc-fresh", "high-addresses"], composed: ["calloc" as const] };
    const { outcomes } = await checkAllocator(open, { ...options, memoryBytes: 2 ** 30 });
    expect(outcomes.map(({ state }) => state)).toEqual(["composed", "skip"]);
    await expect(checkAllocator(open, { cases: ["none"] })).rejects.toThrow('there is no case "none"');
  });
});

/** What a model does not keep, as the real one does not: it aligns small blocks whose size is a power of two to 128 only. */
const NOT_KEPT: Record<string, readonly string[]> = { mimalloc: ["aligned-blocks", "workloads"] };
/** What asks nothing of a model: this one puts what was freed elsewhere, as the real one does, and there is no room. */
const NOT_ASKED: Record<string, readonly string[]> = { "pymalloc/glibc": ["failures-cost-nothing"] };

describe("our models", () => {
  // A layer asks of what is below it the same, whichever it is.
  const asked = models.filter(({ layers, name }) => THOROUGH || !layers || name === "pymalloc/glibc");
  it.each(asked.map(({ name }, number) => [name, number] as const))(
    "%s keeps all promises, but for those that the real one does not",
    async (name, number) => {
      const open = (bytes?: number) => openModel(name, bytes === undefined ? {} : { addressSpace: bytes });
      const cases = thirdOf(
        conformanceCases.map((one) => one.name),
        number,
      );
      const { outcomes } = await checkAllocator(open, { cases });
      const failed = outcomes.filter(({ state }) => state === "fail").map((one) => one.name);
      expect(failed).toEqual((NOT_KEPT[name] ?? []).filter((one) => cases.includes(one)));
      const notAsked = [
        ...(NOT_ASKED[name] ?? []),
        ...["high-addresses", "across-2-gib", "reuse-above-2-gib", "last-page", "huge-block"],
        ...["posix-memalign", "foreign-growth"],
      ];
      expect(outcomes.filter(({ state }) => state === "skip").map((one) => one.name)).toEqual(
        notAsked.filter((one) => cases.includes(one)),
      );
    },
    60_000,
  );
});
