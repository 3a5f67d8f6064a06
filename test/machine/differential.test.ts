import { describe, it } from "vitest";
import { openRawMachine } from "../raw-machine.js";
import {
  DifferentialError,
  formatOperations,
  replayDifferential,
  runDifferential,
  shrinkDifferential,
} from "../reference/differential.js";
import type { MachineOptions } from "../reference/interface.js";

const OPERATIONS = 3000;

/** Each run has its limits: none, few frames (so that lazy pages are reclaimed), little address space. */
const RUNS = [
  { seed: 0x5eed, memoryPages: 0, addressSpacePages: 0 },
  { seed: 0xca110c, memoryPages: 160, addressSpacePages: 0 },
  { seed: 0x2e20, memoryPages: 0, addressSpacePages: 2500 },
  { seed: 0xfee1, memoryPages: 0, addressSpacePages: 0 },
];

/** Runs it; on a difference, throws the shortest list of operations that still shows one. */
async function compare(options: MachineOptions, check: boolean, seed: number): Promise<void> {
  try {
    runDifferential(await openRawMachine(options, check), options, seed, OPERATIONS);
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

describe.each(["linux", "darwin"] as const)("the %s machine does what the reference does", (kernel) => {
  describe.each([4096, 16384, 65536] as const)("in pages of %i bytes", (pageBytes) => {
    describe.each([false, true])("check build: %s", (check) => {
      for (const { seed, memoryPages, addressSpacePages } of RUNS) {
        it(`with seed 0x${seed.toString(16)}`, async () => {
          const options: MachineOptions = {
            kernel,
            pageBytes,
            memoryBytes: memoryPages * pageBytes,
            addressSpaceBytes: addressSpacePages * pageBytes,
          };
          await compare(options, check, seed);
        });
      }
    });
  });
});
