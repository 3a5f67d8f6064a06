/** Every counter of the machine's is in some figure of `Counters`, `SharingCounters`, `FileCounters` or `HugePageCounters`. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import {
  ALLOCATOR_SYSCALLS,
  COUNTERS,
  Counter,
  Fn,
  SYSCALL_COUNTERS,
  Syscall,
  WALKED_COUNTERS,
} from "#shared/counters";
import type { HugeExports, MachineExports } from "../../src/sandbox/exports.js";
import { Instance } from "../../src/sandbox/instance.js";
import { LINUX_DEFAULTS } from "../../src/sandbox/placement.js";

const COUNTER_BYTES = 8;
const NO_GAUGES = { inUse: 0, system: 0, cached: 0 };

/** Those of which there is another sum, or which are no sum. */
const ELSEWHERE: ReadonlySet<number> = new Set([
  Counter.PagesWalked, // counted again for each system call
  Counter.PeakResidentPages, // the machine keeps it beside the tables
  // Calls that a program makes itself, of which forks alone are told; no allocator's counters have them.
  ...range(SYSCALL_COUNTERS + ALLOCATOR_SYSCALLS, SYSCALL_COUNTERS + Syscall.Count),
  ...range(WALKED_COUNTERS + ALLOCATOR_SYSCALLS, WALKED_COUNTERS + Syscall.Count),
]);

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Of which there are two figures: pages, and their bytes. */
const TOLD_TWICE: ReadonlySet<number> = new Set([Counter.CopyFaults]);

/** The path of a function that the program calls has the function's number: one with allocator calls. */
const PATH = Fn.Malloc;

async function open() {
  const wasm = await readFile(new URL("../../build/machine.wasm", import.meta.url));
  const limits = {
    memoryBytes: 0,
    addressSpaceBytes: 0,
    maxMaps: 0,
    mapAlignment: "page",
    zeroPage: "shared",
    hugePages: "never",
    clock: 0,
  } as const;
  return Instance.open<MachineExports & HugeExports>(wasm, {
    ...{ kernel: "linux", pageBytes: 4096 },
    ...LINUX_DEFAULTS,
    ...limits,
  });
}

const sums = Array.from({ length: COUNTERS }, (_, counter) => counter).filter(
  (counter) => !ELSEWHERE.has(counter),
);

it.each(sums.map((counter) => [Counter[counter] ?? `of system calls ${counter}`, counter] as const))(
  "the counter %s changes one figure",
  async (_, counter) => {
    const instance = await open();
    const before = allFigures(instance);
    const at = instance.exports.pathCounters(PATH) + COUNTER_BYTES * counter;
    new DataView(instance.exports.memory.buffer).setBigUint64(at, 1n, true);
    const after = allFigures(instance);
    const changed = Object.keys(after).filter((path) => after[path] !== before[path]);
    expect(changed).toHaveLength(TOLD_TWICE.has(counter) ? 2 : 1);
  },
);

function allFigures(instance: Instance<MachineExports & HugeExports>): Record<string, number> {
  return figures({
    ...instance.counters(NO_GAUGES),
    sharing: instance.sharing(),
    files: instance.files(),
    hugePages: instance.hugePages(instance.exports),
  });
}

/** All figures, by path. */
function figures(tree: object, path = ""): Record<string, number> {
  const entries = Object.entries(tree).map(([key, value]) =>
    typeof value === "number" ? { [path + key]: value } : figures(value, `${path}${key}.`),
  );
  return Object.assign({}, ...entries);
}
