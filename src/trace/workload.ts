/**
 * Workloads: traces that are made, not recorded. One is written in one word, as an allocator is:
 *
 *      zipf                               a preset
 *      zipf:ops=200000:live=5000:seed=7   a preset with other options
 *
 * The same word gives the same trace on every host. generate.ts makes it.
 */
import { parseBytes } from "../base/bytes.js";
import { OptionError } from "../base/errors.js";
import { joinWords } from "../base/numbers.js";
import { readSettings, splitName, type WrittenChoice } from "../base/settings.js";

/** How sizes are spread between the least and the most. */
export const SIZE_SPREADS = ["log", "uniform", "zipf"] as const;
/** @inline */
export type SizeSpread = (typeof SIZE_SPREADS)[number];

/** Which object is freed next. */
export const LIFETIMES = ["random", "young", "fifo", "lifo", "bursts"] as const;
/** @inline */
export type Lifetime = (typeof LIFETIMES)[number];

/** To what size a realloc is: any, or half as much again as the object has. */
export const RESIZES = ["any", "grow"] as const;
/** @inline */
export type Resize = (typeof RESIZES)[number];

/** What a workload does. */
export interface Workload {
  /** Operations. */
  ops: number;
  /** Objects alive at once: about so many; for fifo and bursts the most. */
  live: number;
  /** Sizes in bytes. */
  min: number;
  max: number;
  sizes: SizeSpread;
  life: Lifetime;
  /** Percent of the allocations that are calloc, and that are aligned. */
  calloc: number;
  aligned: number;
  /** Percent of all operations that are realloc. */
  realloc: number;
  resize: Resize;
  seed: number;
}

/** A workload that has a name. */
export interface WorkloadPreset {
  name: string;
  summary: string;
  workload: Workload;
}

const KIB = 1024;

const MIXED: Workload = {
  ...{ ops: 100_000, live: 2000, min: 8, max: 8 * KIB, sizes: "log", life: "young" },
  ...{ calloc: 10, aligned: 0, realloc: 8, resize: "any", seed: 1 },
};

/** All presets. A new one is a line here. */
export const workloadPresets: readonly WorkloadPreset[] = [
  { name: "mixed", summary: "sizes of every kind, most objects die young", workload: MIXED },
  {
    name: "zipf",
    summary: "few sizes make up most requests: the k-th is asked for 1/k as often; lifetimes are random",
    workload: { ...MIXED, live: 5000, min: 16, max: 4 * KIB, sizes: "zipf", life: "random", realloc: 0 },
  },
  {
    name: "bursts",
    summary: "fills the heap, frees all but a sixteenth in random order, and so on",
    workload: { ...MIXED, live: 5000, min: 16, max: KIB, life: "bursts", realloc: 0 },
  },
  {
    name: "fifo",
    summary: "a queue: the oldest object is freed first",
    workload: { ...MIXED, live: 1000, min: 16, max: 4 * KIB, life: "fifo", realloc: 0 },
  },
  {
    name: "lifo",
    summary: "a stack: the newest object is freed first",
    workload: { ...MIXED, live: 1000, min: 16, max: 4 * KIB, life: "lifo", realloc: 0 },
  },
  {
    name: "reallocs",
    summary: "buffers that grow by half until they are large",
    workload: {
      ...{ ...MIXED, ops: 20_000, live: 50, min: 16, max: 256 * KIB, sizes: "zipf" },
      ...{ life: "random", calloc: 0, realloc: 80, resize: "grow" },
    },
  },
  {
    name: "large",
    summary: "blocks of 64 KiB to 4 MiB, a third of them by calloc",
    workload: {
      ...{ ...MIXED, ops: 2000, live: 20, min: 64 * KIB, max: 4096 * KIB },
      ...{ life: "random", calloc: 33, realloc: 5 },
    },
  },
];

/** Largest object, and most operations and objects: 32 bits address no more. */
export const MOST_BYTES = 2 ** 30;
const MOST = 2 ** 31;

type Reader = (text: string) => number | string | undefined;

const wholeIn =
  (least: number, most: number): Reader =>
  (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  };
const percent: Reader = (text) => wholeIn(0, 100)(text.replace(/%$/, ""));
const oneOf =
  (words: readonly string[]): Reader =>
  (text) =>
    words.find((word) => word === text);

function size(text: string): number | undefined {
  try {
    const bytes = parseBytes(text);
    return bytes >= 1 && bytes <= MOST_BYTES ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Each option: what it takes, and how it is read. */
export const WORKLOAD_OPTIONS: Record<keyof Workload, { takes: string; about: string; read: Reader }> = {
  ops: { takes: "a whole number from 1", about: "operations", read: wholeIn(1, MOST) },
  live: { takes: "a whole number from 1", about: "objects alive at once, about", read: wholeIn(1, MOST) },
  min: { takes: "a size of 1 byte to 1GiB", about: "least size", read: size },
  max: { takes: "a size of 1 byte to 1GiB", about: "largest size", read: size },
  sizes: {
    takes: `one of ${SIZE_SPREADS.join(", ")}`,
    about: "how sizes are spread: every doubling alike, every size alike, or the k-th size 1/k as often",
    read: oneOf(SIZE_SPREADS),
  },
  life: {
    takes: `one of ${LIFETIMES.join(", ")}`,
    about: "which object is freed next; young: half of the time the newest",
    read: oneOf(LIFETIMES),
  },
  calloc: { takes: "a percentage", about: "share of the allocations that are calloc", read: percent },
  aligned: {
    takes: "a percentage",
    about: "share of the allocations that are aligned, to 16 to 256 bytes",
    read: percent,
  },
  realloc: { takes: "a percentage", about: "share of the operations that are realloc", read: percent },
  resize: {
    takes: `one of ${RESIZES.join(", ")}`,
    about: "what realloc asks for: any size, or half as much again",
    read: oneOf(RESIZES),
  },
  seed: {
    takes: "a whole number from 0",
    about: "seed of the random numbers",
    read: wholeIn(0, 2 ** 32 - 1),
  },
};

/** Reads a workload as written. @throws OptionError naming what there is. */
export function parseWorkload(text: string): Workload {
  const choice = splitName(text);
  const preset = workloadPresets.find(({ name }) => name === choice.name);
  if (!preset) {
    const names = joinWords(workloadPresets.map(({ name }) => name));
    throw new OptionError(`there is no workload "${choice.name}"; there are ${names}`);
  }
  const workload = { ...preset.workload, ...optionsOf(choice) };
  const { min, max, calloc, aligned } = workload;
  if (min > max) throw new OptionError(`"${text}" has a least size above the largest: set min and max`);
  if (calloc + aligned > 100)
    throw new OptionError(`"${text}" has calloc and aligned of more than 100% together: lower one`);
  return workload;
}

function optionsOf(choice: WrittenChoice): Partial<Workload> {
  return readSettings(choice, "ops=200000:seed=7", (name, value) => {
    if (!Object.hasOwn(WORKLOAD_OPTIONS, name)) {
      const names = joinWords(Object.keys(WORKLOAD_OPTIONS));
      throw new OptionError(`a workload has no option "${name}"; it takes ${names}`);
    }
    const { takes, read } = WORKLOAD_OPTIONS[name as keyof Workload];
    const found = read(value);
    if (found !== undefined) return found;
    throw new OptionError(`${choice.name}:${name} cannot be "${value}"; it is ${takes}`);
  });
}
