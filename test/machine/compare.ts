/** The machine beside the reference, for tests and by hand. */
import { openRawMachine } from "../raw-machine.js";
import {
  DifferentialError,
  formatOperations,
  replayDifferential,
  runDifferential,
  shrinkDifferential,
} from "../reference/differential.js";
import type { MachineOptions } from "../reference/interface.js";

export const KERNELS = ["linux", "darwin"] as const;
export const PAGE_BYTES = [4096, 16384, 65536] as const;

/** In pages; 0 for none. */
interface Limits {
  memoryPages: number;
  addressSpacePages: number;
  maxMaps: number;
  mapAlignment: MachineOptions["mapAlignment"];
  zeroPage: MachineOptions["zeroPage"];
  dataPages?: number;
  overcommit?: "never";
  layout?: "bottomUp";
  hugePages?: "madvise" | "always";
}

const NO_LIMITS = {
  memoryPages: 0,
  addressSpacePages: 0,
  maxMaps: 0,
  mapAlignment: "page",
  zeroPage: "shared",
} as const;
/**
 * None, few frames (so that lazy pages are reclaimed), little address space, few areas, mappings of whole huge pages
 * aligned, few frames of which reads take some, too; little data, half of memory promised, the legacy layout;
 * huge pages, and where they are advised, without a zero page.
 */
export const LIMITS = [
  NO_LIMITS,
  { ...NO_LIMITS, memoryPages: 160 },
  { ...NO_LIMITS, addressSpacePages: 2500 },
  { ...NO_LIMITS, maxMaps: 16 },
  { ...NO_LIMITS, mapAlignment: "huge" },
  { ...NO_LIMITS, memoryPages: 160, zeroPage: "none" },
  { ...NO_LIMITS, dataPages: 1500 },
  { ...NO_LIMITS, memoryPages: 4000, overcommit: "never" },
  { ...NO_LIMITS, mapAlignment: "huge", layout: "bottomUp" },
  { ...NO_LIMITS, mapAlignment: "huge", hugePages: "always" },
  { ...NO_LIMITS, mapAlignment: "huge", hugePages: "madvise", zeroPage: "none" },
] as const satisfies readonly Limits[];

export function optionsOf(
  kernel: MachineOptions["kernel"],
  pageBytes: MachineOptions["pageBytes"],
  limits: Limits,
): MachineOptions {
  const { memoryPages, addressSpacePages, maxMaps, mapAlignment, zeroPage } = limits;
  const { dataPages = 0, overcommit, layout, hugePages } = limits;
  return {
    kernel,
    pageBytes,
    memoryBytes: memoryPages * pageBytes,
    addressSpaceBytes: addressSpacePages * pageBytes,
    maxMaps,
    mapAlignment,
    zeroPage,
    ...(hugePages && { hugePages }),
    linux: {
      dataLimit: dataPages * pageBytes,
      ...(overcommit && { overcommit }),
      ...(layout && { layout }),
    },
  };
}

/**
 * Does so many random operations on both.
 * @throws DifferentialError on a difference, with the shortest list of operations that still shows one.
 */
export async function compare(
  options: MachineOptions,
  check: boolean,
  seed: number,
  operations: number,
  withFiles = false,
): Promise<void> {
  try {
    runDifferential(await openRawMachine(options, check), options, seed, operations, withFiles);
  } catch (error) {
    if (!(error instanceof DifferentialError)) throw error;
    const open = () => openRawMachine(options, check);
    const short = await shrinkDifferential(open, options, error.operations);
    const found = replayDifferential(await open(), options, short);
    const list = `${short.length} operations are enough:\n${formatOperations(short)}`;
    error.message += `\n${list}\n  ${found?.message ?? "(not when replayed)"}`;
    throw error;
  }
}
