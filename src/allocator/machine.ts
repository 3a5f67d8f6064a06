import type { Kernel, MapAlignment, ZeroPage } from "#shared/kernel";
import type { NameOf } from "../base/enums.js";

/**
 * Whose kernel a simulated machine runs.
 *
 * @useDeclaredType
 */
export type KernelKind = NameOf<typeof Kernel>;

/** What Linux aligns mappings of whole huge pages to. */
export type MapAlignmentKind = NameOf<typeof MapAlignment>;

/** Whether Linux maps one page of zeroes for all that is read and was never written. Darwin has none. */
export type ZeroPageKind = NameOf<typeof ZeroPage>;

/** The machine that a model runs on. Limits of 0 are none. */
export interface MachineSettings {
  kernel: KernelKind;
  pageBytes: number;
  memoryBytes: number;
  addressSpaceBytes: number;
  /** Areas that Linux keeps of a process: `vm.max_map_count`. */
  maxMaps: number;
  mapAlignment: MapAlignmentKind;
  zeroPage: ZeroPageKind;
  /** Nanoseconds that the clock goes on before each operation. */
  clock: number;
}
