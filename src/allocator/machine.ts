/** Whose kernel a simulated machine runs. */
export type KernelKind = "linux" | "darwin";

/** The machine that a model runs on. Limits of 0 are none. */
export interface MachineSettings {
  kernel: KernelKind;
  pageBytes: number;
  memoryBytes: number;
  addressSpaceBytes: number;
}
