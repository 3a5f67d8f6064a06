/** All fuzzers, by their names. */
import type { Fuzzer } from "./fuzzer.js";

/** Each loaded only where it is asked for: Binaryen takes long to load. */
export const FUZZERS: Record<string, () => Promise<unknown>> = {
  programs: async () => (await import("./verified.js")).verifiedPrograms,
  calls: async () => (await import("./calls.js")).calls,
  traces: async () => (await import("./traces.js")).hostileTraces,
  own: async () => (await import("./own.js")).ownModules,
  mutants: async () => (await import("./mutants.js")).mutants,
  binaryen: async () => (await import("./binaryen.js")).binaryenModules,
  readers: async () => (await import("./readers.js")).readers,
  frames: async () => (await import("./faults.js")).frameFaults,
  host: async () => (await import("./faults.js")).hostFaults,
};

/** @throws Error naming those that there are */
export async function findFuzzer(name: string): Promise<Fuzzer<unknown, unknown>> {
  const load = FUZZERS[name];
  if (!load) throw new Error(`there is no fuzzer "${name}"; there are ${Object.keys(FUZZERS).join(", ")}`);
  return (await load()) as Fuzzer<unknown, unknown>;
}
