/** What later releases and the options change of large blocks. */
import { describe, expect, it } from "vitest";
import {
  findCliffs,
  models,
  OptionError,
  openModel,
  openSandbox,
  runCallocLoop,
  type Sandbox,
} from "../../src/index.js";
import { openChecked } from "../checked.js";

const KIB = 1024;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

const open = (options = {}) => openChecked("libmalloc", options);

/** How many of the blocks, freed in order, stay in the cache. */
function cachedOf(sandbox: Sandbox, count: number, bytes: number): number {
  const pointers = Array.from({ length: count }, () => sandbox.malloc(bytes));
  for (const pointer of pointers) sandbox.free(pointer);
  return count - sandbox.counters().syscalls.munmap;
}

describe("the cache's limits", () => {
  it.each([
    ["116", 64 * GIB, 16, 128 * MIB - 4096],
    ["166", 64 * GIB, 16, 128 * MIB - 4096],
    ["283", 16 * GIB, 16, 128 * MIB],
    ["283", 32 * GIB, 64, 512 * MIB],
    ["792", 32 * GIB, 64, 512 * MIB],
  ])("of %s with %i bytes of memory: %i blocks of up to %i", async (version, memory, slots, largest) => {
    const options = { version, memory };
    // Twenty and seventy stay below the size at which the live table grows, and its old one is unmapped.
    expect(cachedOf(await open(options), 20, 9 * MIB)).toBe(Math.min(20, slots));
    const sandbox = await open(options);
    sandbox.free(sandbox.malloc(largest));
    expect(sandbox.counters().bytes.cached).toBe(largest);
    sandbox.free(sandbox.malloc(largest + 1));
    expect(sandbox.counters().syscalls.munmap).toBe(1);
  });

  it("hold 64 and no more", async () => {
    const sandbox = await open({ version: "283", memory: 32 * GIB });
    const pointers = Array.from({ length: 70 }, () => sandbox.malloc(9 * MIB));
    for (const pointer of pointers) sandbox.free(pointer);
    expect(sandbox.counters().bytes.cached).toBe(64 * 9 * MIB);
  });
});

it("166 no longer tells the kernel of reuse, and still clears in full", async () => {
  for (const [version, reuse] of [
    ["116", 1],
    ["166", 0],
    ["792", 0],
  ] as const) {
    const sandbox = await open({ version });
    sandbox.free(sandbox.calloc(1, 100 * MIB));
    sandbox.calloc(1, 100 * MIB);
    expect(sandbox.counters().syscalls).toMatchObject({ madviseFreeReusable: 1, madviseFreeReuse: reuse });
    expect(sandbox.counters().zeroed.allocator).toBe(100 * MIB);
  }
});

it.each([
  ["116", 128 * KIB - 4096, 0],
  ["116", 128 * KIB, 1],
  ["166", 128 * KIB, 0],
  ["166", 132 * KIB, 1],
  ["792", 2 * MIB, 0],
  ["792", 2 * MIB + 4096, 1],
] as const)("%s remaps %i bytes on realloc %i times", async (version, bytes, copies) => {
  const sandbox = await open({ version });
  const pointer = sandbox.malloc(bytes);
  sandbox.malloc(bytes);
  sandbox.realloc(pointer, 4 * bytes);
  expect(sandbox.counters().syscalls.vmCopy).toBe(copies);
});

it("without the cache every large block is mapped and unmapped", async () => {
  const sandbox = await open({ cache: "off" });
  for (let i = 0; i < 5; i++) sandbox.free(sandbox.calloc(1, 100 * MIB));
  expect(sandbox.counters().syscalls).toMatchObject({ mmap: 5, munmap: 5, madviseCanReuse: 0 });
  expect(sandbox.counters().zeroed.allocator).toBe(0);
});

it.each([
  [{ version: "283" }, [134_217_728]],
  [{ version: "792", memory: 64 * GIB }, [512 * MIB]],
  [{ cache: "off" }, [127 * 1024]],
  [{ cache: "off", version: "283" }, [32 * 1024]],
])(
  "%o: the untouched loop is linear to the cache's limit, or the last small block",
  async (options, edges) => {
    const { cliffs } = await findCliffs({ model: "libmalloc", options });
    expect(cliffs.map(({ bytes }) => bytes)).toEqual(edges);
  },
);

it.each([{ cpus: 0 }, { cpus: 65 }, { version: "200" }, { cache: "yes" }])("refuses %o", async (options) => {
  await expect(openModel("libmalloc", options)).rejects.toThrow(OptionError);
});

it.each(["116", "166", "283", "425", "792"])(
  "says how sure it is of %s, and so does a report",
  async (version) => {
    const note = expect.stringMatching(`^version ${version} is read from public sources; never run`);
    expect((await open({ version })).notes).toEqual([note]);
    const { notes } = await runCallocLoop({
      model: "libmalloc",
      options: { version },
      bytes: MIB,
      count: 2,
      written: 0,
    });
    expect(notes).toEqual([note]);
  },
);

it("has words on every version of every model", () => {
  for (const { options, sureness, layers } of models) {
    // Those of the model below a layer are said of by itself.
    const [release, words] = layers ? [layers.layer.release, layers.layer.sureness] : ["version", sureness];
    const versions = options.find(({ name }) => name === release)?.values ?? [];
    if (versions.length) expect(Object.keys(words ?? {}).sort()).toEqual([...versions].sort());
  }
});

it("says nothing of a model that is equal to the real library, or of none", async () => {
  for (const model of ["glibc", "naive"]) expect((await openModel(model)).notes).toEqual([]);
});

it("asks five regions where a freed tiny block of 283 goes on its list, and no more", async () => {
  /** Which of two blocks is handed out after they were freed: one of a region, then one of the seventh. */
  const handedOut = async (region: number): Promise<string> => {
    const sandbox = await open({ version: 283, cpus: 1, nano: "off" });
    const regions = new Map<number, number[]>();
    while (regions.size < 8) {
      const pointer = sandbox.malloc(1008);
      const number = Math.floor(pointer / MIB);
      regions.set(number, [...(regions.get(number) ?? []), pointer]);
    }
    const blocks = [...regions.values()].map((some) => some[10] as number);
    const [near, seventh] = [blocks[region - 1] as number, blocks[6] as number];
    const other = sandbox.malloc(32);
    for (const pointer of [near, seventh, other]) sandbox.free(pointer); // the last one is kept apart
    const given = sandbox.malloc(1008);
    return given === near ? "near" : given === seventh ? "seventh" : "neither";
  };
  expect(await Promise.all([1, 5, 6].map(handedOut))).toEqual(["near", "near", "seventh"]);
});

describe("a medium block of 425", () => {
  it("is told of when it is freed if it is larger than 1.5 MiB, and not of that size", async () => {
    for (const [bytes, told] of [
      [1536 * KIB, 0],
      [1568 * KIB, 1],
    ] as const) {
      const sandbox = await openSandbox("libmalloc", {
        ...{ version: 425, memory: 64 * GIB, nano: "off", cpus: 1, check: true },
      });
      const [, block] = [100 * KIB, bytes, 100 * KIB].map((size) => sandbox.malloc(size));
      sandbox.free(block as number);
      expect(sandbox.counters().syscalls.madviseFreeReusable, `${bytes}`).toBe(told);
      sandbox.check();
    }
  });
});
