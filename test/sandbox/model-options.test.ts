/** The types of models and options are those of the registry. What is wrong does not compile, which `npm run check` holds. */
import { expect, it } from "vitest";
import {
  type HugePagesOptions,
  type MachineOptions,
  type ModelOptions,
  machineOptions,
  models,
  openSandbox,
  type PlacementOptions,
} from "../../src/index.js";

/** A name too many, or too few, does not compile. */
type Every<Options> = {
  [Name in keyof Options as string extends Name
    ? never
    : Name extends `${string}${"_" | "."}${string}`
      ? never
      : Name]-?: 0;
};

/** The options of machines that place and limit memory. */
const PLACEMENT: Record<keyof PlacementOptions, 0> = {
  image: 0,
  layout: 0,
  aslrSeed: 0,
  dataLimit: 0,
  overcommit: 0,
  overcommitRatio: 0,
  oom: 0,
};

/** Models whose options have no capital letters or underscores in them that real names have too. */
const OWN: { [Name in "naive" | "lazy" | "libmalloc"]: Every<ModelOptions[Name]> } = {
  naive: { ...PLACEMENT, hugePages: 0 },
  lazy: {},
  libmalloc: { zeroing: 0, version: 0, cpus: 0, cache: 0, tinyZeroing: 0, nano: 0 },
};

const NAMES: Record<keyof ModelOptions, 0> = {
  naive: 0,
  lazy: 0,
  glibc: 0,
  libmalloc: 0,
  jemalloc: 0,
  mimalloc: 0,
  tcmalloc: 0,
  "pymalloc/glibc": 0,
  "pymalloc/jemalloc": 0,
  "pymalloc/naive": 0,
  "pymalloc/tcmalloc": 0,
};

const MACHINE: Record<keyof (MachineOptions & PlacementOptions & HugePagesOptions), 0> = {
  ...{ kernel: 0, pageSize: 0, memory: 0, addressSpace: 0, maxMaps: 0, mapAlignment: 0, zeroPage: 0 },
  ...{ ...PLACEMENT, hugePages: 0, clock: 0 },
};

/** Models whose machine places and limits memory as it is told. */
const PLACING = ["naive", "glibc", "tcmalloc"];
/** And those whose machine has huge pages. */
const HUGE = ["naive", "glibc"];

it("names every model, and every option of the machine", () => {
  expect(Object.keys(NAMES)).toEqual(models.map(({ name }) => name));
  expect(Object.keys(MACHINE)).toEqual(machineOptions.map(({ name }) => name));
  expect(PLACING).toEqual(models.filter(({ hasPlacement }) => hasPlacement).map(({ name }) => name));
  expect(HUGE).toEqual(models.filter(({ hasHugePages }) => hasHugePages).map(({ name }) => name));
});

it("names the options of models", () => {
  for (const [name, options] of Object.entries(OWN)) {
    const info = models.find((model) => model.name === name);
    const own = machineOptions.filter(({ needs }) => needs && info?.[needs]);
    expect(Object.keys(options)).toEqual([...(info?.options ?? []), ...own].map((option) => option.name));
  }
});

it("takes what the registry takes, words also as the numbers they are", async () => {
  const opened = [
    openSandbox("glibc", {
      version: "2.41",
      arenaMax: 2,
      M_MMAP_THRESHOLD: 65536,
      "glibc.malloc.tcache_count": 0,
    }),
    openSandbox("libmalloc", { version: 283, zeroing: "discard", cache: "off", pageSize: 16384 }),
    openSandbox("jemalloc", { dirty_decay_ms: 0, thp: "never", retain: "false", clock: 1000 }),
    openSandbox("mimalloc", { allow_decommit: 0, eager_commit: "1", MIMALLOC_RESET_DELAY: 0 }),
    openSandbox("tcmalloc", { skipSbrk: 1, releaseRate: 0.5, heapLimitMb: 100 }),
    openSandbox("pymalloc/jemalloc", { python: "3.10", arenas: "malloc", domain: "raw", narenas: 1 }),
    openSandbox("pymalloc/glibc", { python: 3.6, trimThreshold: 131072, kernel: "linux", check: true }),
  ];
  for (const sandbox of await Promise.all(opened)) expect(sandbox.malloc(100)).toBeGreaterThan(0);
});

it("does not compile with what there is not, and says so when it runs", async () => {
  // @ts-expect-error: there is no such model
  await expect(openSandbox("glbc")).rejects.toThrow('there is no allocator "glbc"');
  // @ts-expect-error: it has no such option
  await expect(openSandbox("naive", { zeroing: "dirty" })).rejects.toThrow('has no option "zeroing"');
  // @ts-expect-error: its machine has no such option
  await expect(openSandbox("lazy", { image: "nonPie" })).rejects.toThrow('lazy has no option "image"');
  // @ts-expect-error: the option has no such value
  await expect(openSandbox("libmalloc", { zeroing: "maybe" })).rejects.toThrow("zeroing takes one of");
  // @ts-expect-error: there is no such release
  await expect(openSandbox("glibc", { version: "2.35" })).rejects.toThrow("version takes one of");
  // @ts-expect-error: it is a number
  await expect(openSandbox("glibc", { topPad: "much" })).rejects.toThrow("topPad takes");
  // @ts-expect-error: it is a kernel's name
  await expect(openSandbox("lazy", { kernel: "windows" })).rejects.toThrow("kernel takes one of");
  // @ts-expect-error: the layer below has no such option
  await expect(openSandbox("pymalloc/naive", { arenaMax: 1 })).rejects.toThrow('has no option "arenaMax"');
});
