/** Groups of equal pages that processes share, and what else is rare in random programs, beside the reference. */
import { expect, it } from "vitest";
import { openRawMachine } from "../raw-machine.js";
import {
  ANYWHERE,
  type HugeMachine as Machine,
  type MachineOptions,
  POPULATE_WRITE,
} from "../reference/interface.js";
import { ReferenceMachine } from "../reference/machine.js";

const PAGE = 4096;
const GROUP = 512 * PAGE;

const OPTIONS: MachineOptions = {
  ...{ kernel: "linux", pageBytes: PAGE, memoryBytes: 0, addressSpaceBytes: 0, maxMaps: 0 },
  ...{ mapAlignment: "huge", zeroPage: "shared", hugePages: "never", linux: { overcommit: "always" } },
};

/** Runs a program on both machines. Returns what it says of each, which has to be the same. */
async function compare<T>(program: (machine: Machine) => T, options = OPTIONS): Promise<T> {
  const machine = await openRawMachine(options, true);
  const reference = new ReferenceMachine(options);
  const [real, expected] = [machine, reference].map(program) as [T, T];
  machine.check();
  expect(real).toEqual(expected);
  return real;
}

/** What there is at some places in some processes, and all that was counted. */
const told = (machine: Machine, processes: readonly number[], ...ranges: readonly [number, number][]) => ({
  pages: processes.map((process) => {
    machine.switchTo(process);
    return ranges.map(([address, bytes]) => machine.pages(address, bytes));
  }),
  counters: machine.counters(),
});

it("move with what moves, and stay with the others", async () => {
  await compare((machine) => {
    const area = machine.mmap(0, 2 * GROUP, ANYWHERE, 0);
    machine.touch(area, 2 * GROUP, true);
    machine.fork(2);
    machine.switchTo(2);
    // The second half is in its way.
    const moved = machine.mremap(area, GROUP, GROUP + PAGE, true);
    expect(moved).not.toBe(area);
    machine.touch(moved, PAGE, true);
    return told(machine, [1, 2], [area, 2 * GROUP], [moved, GROUP + PAGE]);
  });
});

it("come apart in all processes when one page is written", async () => {
  await compare((machine) => {
    const area = machine.mmap(0, GROUP, ANYWHERE, 0);
    machine.touch(area, GROUP, true);
    for (const child of [2, 3]) machine.fork(child);
    machine.touch(area + 5 * PAGE, PAGE, true);
    machine.switchTo(2);
    machine.touch(area, GROUP, true);
    return told(machine, [1, 2, 3], [area, GROUP]);
  });
});

it("are not what a process writes after a fork, whatever it wrote just before", async () => {
  const [own, others] = await compare((machine) => {
    const area = machine.mmap(0, GROUP, ANYWHERE, 0);
    for (const value of [4n, 5n]) {
      machine.store(area, 1, value);
      expect(machine.load(area, 1)).toBe(value);
    }
    machine.fork(2);
    machine.store(area, 1, 6n);
    const own = machine.load(area, 1);
    machine.switchTo(2);
    return [own, machine.load(area, 1)];
  });
  expect([own, others]).toEqual([6n, 5n]);
});

it("are populated up to the first hole", async () => {
  const { pages } = await compare((machine) => {
    const area = machine.mmap(0, 3 * PAGE, ANYWHERE, 0);
    machine.munmap(area + PAGE, PAGE);
    expect(machine.madvise(area, 3 * PAGE, POPULATE_WRITE)).toBe(-1);
    return told(machine, [1], [area, 3 * PAGE]);
  });
  expect(pages[0]?.[0]?.map(({ state }) => state)).toEqual(["clean", "unmapped", "reserved"]);
});

it("a mapping below the first one grows beyond it where mappings are placed upwards", async () => {
  const program = (machine: Machine) => {
    const first = machine.mmap(0, PAGE, ANYWHERE, 0);
    machine.munmap(first, PAGE);
    const below = machine.mmap(first - 2 * PAGE, PAGE, ANYWHERE, 0);
    expect(below).toBe(first - 2 * PAGE);
    return machine.mremap(below, PAGE, 4 * PAGE, false) === below;
  };
  expect(await compare(program, { ...OPTIONS, linux: { layout: "bottomUp" } })).toBe(true);
  expect(await compare(program)).toBe(false);
});
