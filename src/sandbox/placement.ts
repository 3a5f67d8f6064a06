import { Image, Layout, Overcommit } from "#shared/kernel";
import type {
  ImageKind,
  LayoutKind,
  LinuxSettings,
  MachineSettings,
  OomKind,
  OvercommitKind,
} from "../allocator/machine.js";
import { namesOf } from "../base/enums.js";
import { seeded } from "../base/random.js";
import type { PlacementExports } from "./exports.js";
import type { OptionInfo } from "./option-info.js";

const IMAGES: readonly ImageKind[] = namesOf(Image);
const LAYOUTS: readonly LayoutKind[] = namesOf(Layout);
const OVERCOMMIT: readonly OvercommitKind[] = namesOf(Overcommit);
const OOM: readonly OomKind[] = ["trap", "killLargest"];

/** How Linux is if nobody says otherwise. @internal */
export const LINUX_DEFAULTS: LinuxSettings = {
  image: "pie",
  layout: "topDown",
  aslrSeed: 0,
  dataLimit: 0,
  overcommit: "heuristic",
  overcommitRatio: 50,
  oom: "trap",
};

const SUMMARIES: Record<keyof LinuxSettings, Omit<OptionInfo, "name" | "default">> = {
  image: { summary: "how the program is linked: pie, or nonPie, whose heap starts at 4 MiB", values: IMAGES },
  layout: { summary: "which way Linux places mappings: bottomUp with an unlimited stack", values: LAYOUTS },
  aslrSeed: { summary: "seed of where a Linux that randomizes has the heap and mappings; 0: it does not" },
  dataLimit: {
    summary: "RLIMIT_DATA of Linux: what may be written of a process; 0 for no limit",
    unit: "bytes",
  },
  overcommit: {
    summary: "vm.overcommit_memory of Linux: heuristic is 0, always 1, never 2",
    values: OVERCOMMIT,
  },
  overcommitRatio: {
    summary: "vm.overcommit_ratio of Linux: per cent of memory that overcommit=never promises",
  },
  oom: {
    summary: "when memory ends: killLargest ends the process that has most, as Linux does",
    values: OOM,
  },
};

/** The options that only a machine takes which places and limits memory as it is told. @internal */
export const placementOptions: readonly OptionInfo[] = Object.entries(SUMMARIES).map(([name, info]) => ({
  ...{ name, ...info, default: LINUX_DEFAULTS[name as keyof LinuxSettings], needs: "hasPlacement" as const },
}));

/** Whether a module's machine does. @internal */
export function hasPlacement(exports: object): exports is PlacementExports {
  return "mapMemory" in exports;
}

/** Where heaps and mappings start without randomization: layout.ts of the machine has the same for pie and topDown. */
const HEAP_STARTS: Record<ImageKind, number> = { pie: 0x555555560000, nonPie: 0x405000 };
const MAP_BASES: Record<LayoutKind, number> = { topDown: 0x7ffff7ff0000, bottomUp: 0x2aaaaaaab000 };
/** How far Linux moves them at most: brk, and 28 bits of pages of 4 KiB. */
const MOST_HEAP_OFFSET = 2 ** 30;
const MOST_MAP_OFFSET = 2 ** 40;

/** Tells a machine, before it starts, where it places memory, and how much of it there may be. @internal */
export function placeAndLimit(exports: PlacementExports, machine: MachineSettings): void {
  const { image, layout, aslrSeed, overcommit, overcommitRatio, dataLimit, memoryBytes, pageBytes, oom } =
    machine;
  const random = seeded(aslrSeed);
  const offset = (most: number) =>
    aslrSeed === 0 ? 0 : Math.floor(random() * (most / pageBytes)) * pageBytes;
  const up = (address: number) => Math.ceil(address / pageBytes) * pageBytes;
  const heapStart = up(HEAP_STARTS[image]) + offset(MOST_HEAP_OFFSET);
  const base = up(MAP_BASES[layout]);
  const isUpward = layout === "bottomUp";
  const moved = offset(MOST_MAP_OFFSET);
  exports.place(heapStart, isUpward ? base + moved : base - moved, Number(isUpward), aslrSeed);
  const promised = Math.floor((memoryBytes * overcommitRatio) / 100 / pageBytes) * pageBytes;
  exports.limit(dataLimit, OVERCOMMIT.indexOf(overcommit), promised);
  if (oom === "killLargest") exports.killLargest();
}
