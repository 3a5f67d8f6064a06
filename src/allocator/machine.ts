import type { Kernel } from "#shared/kernel";
import type { NameOf } from "../base/enums.js";

/**
 * Whose kernel a simulated machine runs.
 *
 * @useDeclaredType
 */
export type KernelKind = NameOf<typeof Kernel>;

/** The machine that a model runs on. Limits of 0 are none. */
export interface MachineSettings {
  kernel: KernelKind;
  pageBytes: number;
  memoryBytes: number;
  addressSpaceBytes: number;
}
