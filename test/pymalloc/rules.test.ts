/** What sets the releases apart, what they touch, and what else users see of pymalloc. */
import { describe, expect, it } from "vitest";
import {
  type AnyOptions,
  mallocInfo,
  models,
  openModel,
  type ProfileNode,
  type Sandbox,
} from "../../src/index.js";
import { zeropage } from "../cli/spawn.js";

const KIB = 1024;
const PAGE = 4096;
const EARLY = ["2.7", "3.6", "3.7", "3.8", "3.9"] as const;
const LATE = ["3.10", "3.11"] as const;
const ALL = [...EARLY, ...LATE] as const;

const open = (options: AnyOptions = {}) => openModel("pymalloc/glibc", options);
const arenasOf = (sandbox: Sandbox) => sandbox.statistics()["arenas allocated current"];

/** What it called below, with arguments, and of the kernel but for the heap. */
function callsOf(sandbox: Sandbox, from = 0): string[] {
  return sandbox
    .callsSince(from)
    .filter(({ name }) => name !== "brk")
    .map(({ name, arguments: [first, second] }) => {
      if (name === "realloc below") return `realloc ${second}`;
      if (name === "free below") return "free";
      return name === "mmap" || name === "munmap"
        ? `${name} ${second}`
        : `${name.replace(" below", "")} ${first}`;
    });
}

describe("a first arena", () => {
  it.each(EARLY)("of %s is 256 KiB, after an array of 16 objects", async (python) => {
    const sandbox = await open({ python, check: true });
    const block = sandbox.malloc(1);
    expect(callsOf(sandbox)).toEqual(["realloc 768", "mmap 262144"]);
    expect(block % PAGE).toBe(48);
    expect(sandbox.malloc(17) - block).toBe(PAGE);
  });

  it.each([
    ["3.10", 8192, 2048],
    ["3.11", 262_144, 131_072],
  ] as const)("of %s is 1 MiB, with nodes of a tree", async (python, middle, bottom) => {
    const sandbox = await open({ python, check: true, mmapThreshold: 2 ** 40 });
    const block = sandbox.malloc(1);
    expect(callsOf(sandbox)).toEqual(["realloc 768", "mmap 1048576", `calloc ${middle}`, `calloc ${bottom}`]);
    expect(block % (16 * KIB)).toBe(48);
    expect(sandbox.malloc(17) - block).toBe(16 * KIB);
  });

  it("by malloc does not begin with a pool, and has one pool less", async () => {
    const sandbox = await open({ arenas: "malloc", python: "3.9", check: true });
    sandbox.malloc(1);
    expect(callsOf(sandbox)).toEqual(["realloc 768", "mmap 266240", "malloc 262144"]);
    expect(sandbox.statistics()["bytes lost to arena alignment"]).toBe(PAGE);
  });
});

it.each([
  ["3.11", "obj", 1],
  ["3.11", "mem", 1],
  ["3.11", "raw", 0],
  ["2.7", "obj", 1],
  ["2.7", "mem", 0],
  ["2.7", "raw", 0],
])("the functions of %s for %s have %i arenas", async (python, domain, arenas) => {
  const sandbox = await open({ python, domain, check: true });
  const [block, other] = [sandbox.malloc(100), sandbox.malloc(0)];
  expect(arenasOf(sandbox)).toBe(arenas);
  if (!arenas) expect(callsOf(sandbox)).toEqual(["malloc 100", "malloc 1"]);
  for (const pointer of [block, other]) sandbox.free(pointer);
  sandbox.check();
});

describe("a wholly free arena", () => {
  it.each(ALL)("of %s", async (python) => {
    const sandbox = await open({ python });
    sandbox.free(sandbox.malloc(1));
    const kept = ["3.9", "3.10", "3.11"].includes(python) ? 1 : 0;
    expect(sandbox.statistics()).toMatchObject({
      "arenas allocated total": 1,
      "arenas highwater mark": 1,
      "arenas allocated current": kept,
      "arenas reclaimed": 1 - kept,
    });
  });
});

it("the array of arenas doubles when all are taken", async () => {
  const sandbox = await open({ python: "3.8", check: true });
  const [blocks, pools] = [7, 64];
  const grown: string[] = [];
  for (let arena = 0; arena < 33; arena++) {
    const from = sandbox.callsSince(0).length;
    for (let i = 0; i < blocks * pools; i++) sandbox.malloc(512);
    grown.push(...callsOf(sandbox, from).filter((call) => call.startsWith("realloc")));
  }
  expect(grown).toEqual(["realloc 768", "realloc 1536", "realloc 3072"]);
  sandbox.check();
});

it("what is mapped where an arena was is none of pymalloc's", async () => {
  const sandbox = await open({ check: true, mmapThreshold: 64 * KIB });
  const [blocks, pools] = [31, 64];
  const held = Array.from({ length: blocks * pools + 1 }, () => sandbox.malloc(512));
  expect(arenasOf(sandbox)).toBe(2);
  const last = held.pop() as number;
  for (const block of held) sandbox.free(block);
  sandbox.free(last);
  expect(arenasOf(sandbox)).toBe(1);
  const from = sandbox.callsSince(0).length;
  const large = sandbox.malloc(1024 * KIB - PAGE);
  expect(last > large && last < large + 1024 * KIB).toBe(true);
  sandbox.free(large);
  expect(callsOf(sandbox, from)).toEqual(["mmap 1048576", "malloc 1044480", "munmap 1048576", "free"]);
  sandbox.check();
});

it.each([
  ["2.7", "3.11"],
  ["3.6", "3.9"],
])("blocks of %s can be multiples of 8, and those of %s cannot", async (early, late) => {
  const sandbox = await open({ python: early, step: 8, check: true });
  const block = sandbox.malloc(7);
  expect(sandbox.malloc(8) - block).toBe(8);
  expect(sandbox.usableSize(block)).toBe(8);
  expect(sandbox.malloc(512) % PAGE).toBe(48);
  sandbox.check();
  await expect(open({ python: late, step: 8 })).rejects.toThrow("pymalloc/glibc refuses option step 8");
});

it("2.7 has no calloc of objects: it is that of the C library", async () => {
  const [old, later] = [
    await open({ python: "2.7", check: true }),
    await open({ python: "3.6", check: true }),
  ];
  for (const sandbox of [old, later]) sandbox.calloc(1, 8);
  expect(callsOf(old)).toEqual(["calloc 8"]);
  expect(callsOf(later)).toEqual(["realloc 768", "mmap 262144"]);
});

it("without arenas everything goes below, even what has no pointer", async () => {
  const sandbox = await open({ arenas: "none", check: true });
  sandbox.malloc(0);
  sandbox.realloc(0, 8);
  sandbox.free(0);
  sandbox.calloc(0, 8);
  expect(callsOf(sandbox)).toEqual(["malloc 1", "realloc 8", "free", "calloc 1"]);
});

describe("what is touched", () => {
  it.each(ALL)("of an arena of %s: a pool's header and the block prepared ahead", async (python) => {
    const sandbox = await open({ python });
    const pool = python.startsWith("3.1") ? 16 * KIB : PAGE;
    const blocks = Array.from({ length: Math.floor((pool - 48) / 512) }, () => sandbox.malloc(512));
    const start = (blocks[0] as number) - 48;
    const written = () =>
      sandbox.pages(start, pool).reduce((sum, run) => sum + (run.written ? run.pages : 0), 0);
    expect(written()).toBe(pool / PAGE);
    const fresh = sandbox.malloc(512);
    expect(fresh).toBe(start + pool + 48);
    const next = sandbox.pages(start + pool, pool).filter((run) => run.written);
    expect(next.map(({ address, pages }) => [address, pages])).toEqual([[start + pool, 1]]);
  });

  it.each(ALL)("of a block that %s did not give: its page up to 3.9, when it is freed", async (python) => {
    const sandbox = await open({ python });
    sandbox.malloc(1);
    sandbox.free(sandbox.malloc(1000)); // nodes of a tree are read once
    const block = sandbox.alignedAlloc(PAGE, 200 * KIB);
    const before = sandbox.counters().faults.zeroMap;
    sandbox.free(block);
    expect(sandbox.counters().faults.zeroMap - before).toBe(python.startsWith("3.1") ? 0 : 1);
  });

  it("calloc clears what was asked for, not the block", async () => {
    const sandbox = await open();
    const block = sandbox.malloc(33);
    sandbox.fill(block, 0xff, 48);
    sandbox.free(block);
    const again = sandbox.calloc(3, 11);
    expect(again).toBe(block);
    expect([32, 33, 47].map((at) => sandbox.load(again + at))).toEqual([0, 0xff, 0xff]);
  });
});

describe("misuse", () => {
  it("of a small block goes unnoticed, as in the real one: a block freed twice is handed out twice", async () => {
    const sandbox = await open();
    const blocks = [sandbox.malloc(32), sandbox.malloc(32), sandbox.malloc(32)];
    sandbox.free(blocks[0] as number);
    sandbox.free(blocks[0] as number);
    expect(sandbox.malloc(32)).toBe(blocks[0]);
    expect(sandbox.malloc(32)).toBe(blocks[0]);
  });

  it("of a large one is the allocator's below, in its words", async () => {
    const sandbox = await open();
    const block = sandbox.malloc(2000);
    sandbox.malloc(2000);
    expect(() => sandbox.free(block + 16)).toThrow(/^(free|munmap_chunk)\(\): invalid (size|pointer)/);
  });
});

describe("a composition", () => {
  it("has no option of its own that a model below has, nor a statistic", () => {
    for (const { name, options, statistics = [], layers } of models) {
      const names = [...options.flatMap((option) => [option.name, ...(option.real ?? [])]), ...statistics];
      if (layers)
        expect(
          names.filter((one, i) => names.indexOf(one) !== i),
          name,
        ).toEqual([]);
    }
  });

  it("takes the options of both, and says of both how sure it is", async () => {
    const sandbox = await open({ python: "3.8", arenas: "malloc", version: "2.39" });
    expect(sandbox.options).toEqual({ python: "3.8", arenas: "malloc", version: "2.39" });
    expect(sandbox.notes).toEqual([
      expect.stringMatching(/^pymalloc version 3\.8 is written from rules/),
      "glibc version 2.39 is read from public sources; never run",
    ]);
    expect((await open()).notes).toEqual([]);
  });

  it("refuses what neither has, and names all of both", async () => {
    await expect(open({ pyton: "3.8" })).rejects.toThrow(
      /^pymalloc\/glibc has no option "pyton"; it has python, arenas, step, domain, mmapThreshold, .*, kernel, /,
    );
  });

  it("is written in one word on the command line", async () => {
    const allocator = "pymalloc/glibc:python=3.10:arenas=malloc:tcacheCount=0";
    const argv = ["replay", "test/trace/git-version.log", "--allocator", allocator, "--json"];
    const [{ allocator: name, options }] = JSON.parse((await zeropage(argv)).stdout).results;
    expect([name, options]).toEqual(["pymalloc/glibc", { python: "3.10", arenas: "malloc", tcacheCount: 0 }]);
  });

  it("is listed with what the layer has, and the model below by name", async () => {
    const text = (await zeropage(["models"])).stdout;
    const [paragraph = ""] = /^pymalloc\/glibc .*?\n\n/ms.exec(text) ?? [];
    expect(paragraph).toContain(
      "  python 2.7, 3.6, 3.7, 3.8, 3.9 and 3.10: written from rules that equalled",
    );
    expect(paragraph).toContain("  python 3.11: equal to the real library in every address\n");
    expect(paragraph).toMatch(/ {4}arenas=mmap\|malloc\|none .*\(default mmap\)\n/);
    expect(paragraph).toMatch(/ {4}and the options of glibc\n\n$/);
  });

  it("has the key figures of both, and what malloc_info says below", async () => {
    const sandbox = await open();
    sandbox.malloc(100);
    expect(sandbox.statistics()).toMatchObject({
      "arenas allocated total": 1,
      "arenas reclaimed": 0,
      "arenas highwater mark": 1,
      "bytes in allocated blocks": 112,
      "bytes in available blocks": 144 * 112,
      "bytes in unused pools": 63 * 16 * KIB,
      "bytes lost to pool headers": 48,
      "bytes lost to quantization": 16 * KIB - 48 - 145 * 112,
      "bytes lost to arena alignment": 0,
      hblks: 1,
    });
    expect(mallocInfo(sandbox)).toContain("<heap nr=");
  });

  it("counts in use what the program has, not what pymalloc has for itself", async () => {
    const options = ["mmap", "malloc", "none"].map((arenas) => ({ arenas }));
    for (const one of [...options, { arenas: "malloc", python: "3.8" }]) {
      const sandbox = await open(one);
      const [small, large] = [sandbox.malloc(100), sandbox.malloc(1000)];
      expect(sandbox.counters().bytes.inUse).toBe(sandbox.usableSize(small) + sandbox.usableSize(large));
      sandbox.free(small);
      sandbox.free(large);
      const { inUse, system, virtual } = sandbox.counters().bytes;
      expect([inUse, system]).toEqual([0, virtual]);
    }
  });

  it("shows in a profile Python's functions, and below them those of the C library", async () => {
    const sandbox = await open();
    sandbox.free(sandbox.malloc(100));
    sandbox.free(sandbox.malloc(200_000));
    const names = (node: ProfileNode | undefined) => node?.children.map(({ name }) => name);
    const child = (node: ProfileNode | undefined, name: string) =>
      node?.children.find((one) => one.name === name);
    const program = sandbox.profile();
    expect(names(program)).toEqual(["PyObject_Malloc", "PyObject_Free"]);
    const malloc = child(program, "PyObject_Malloc");
    expect(names(malloc)).toEqual(["allocate_from_new_pool", "malloc"]);
    const arena = child(child(malloc, "allocate_from_new_pool"), "new_arena");
    expect(names(arena)).toEqual(["realloc", "mmap", "arena_map_mark_used"]);
    expect(names(child(malloc, "malloc"))).toEqual(["sysmalloc"]);
  });
});
