/** An option of the machine or of a model. */
export interface OptionInfo {
  name: string;
  summary: string;
  /** The words that it takes; absent for a number. */
  values?: readonly string[];
  unit?: "bytes";
  default: string | number;
  /** What the real allocator calls it: as a parameter of a function, in the environment, as a tunable. */
  real?: readonly string[];
  /** It may be -1: of what is never. glibc reads it as the largest number there is, jemalloc as itself. */
  takesMinusOne?: boolean;
  /** It need not be a whole number. */
  takesFractions?: boolean;
  /** Of an option of the machine: what a model says of itself whose machine takes it. */
  needs?: "hasPlacement" | "hasHugePages";
}
