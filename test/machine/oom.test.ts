/** Who is killed when frames run out, beside the reference: random programs of processes in little memory. */
import { describe, expect, it } from "vitest";
import { OutOfMemory, ProcessKilled } from "../../src/base/errors.js";
import { Random } from "../random.js";
import { openRawMachine } from "../raw-machine.js";
import {
  ANYWHERE,
  DOFORK,
  DONTFORK,
  DONTNEED,
  FREE,
  type HugeMachine as Machine,
  type MachineOptions,
} from "../reference/interface.js";
import { ReferenceMachine } from "../reference/machine.js";

const PAGE = 4096;
const GROUP_PAGES = 512;
/** Three groups: what is done to whole ones has ways of its own. */
const AREA_PAGES = 3 * GROUP_PAGES;
const MOST = 6;

const optionsOf = (
  memoryPages: number,
  zeroPage: "shared" | "none",
  hugePages: "never" | "always",
): MachineOptions => ({
  ...{ kernel: "linux", pageBytes: PAGE, memoryBytes: memoryPages * PAGE, addressSpaceBytes: 0, maxMaps: 0 },
  ...{ mapAlignment: "huge", zeroPage, hugePages, linux: { oom: "killLargest", overcommit: "always" } },
});

/** Something that a process does; what comes of it, in words. */
type Step = (machine: Machine) => string;

/** Writes a range at once, or page by page as faults come. */
type Write = (machine: Machine, first: number, bytes: number) => void;
const atOnce: Write = (machine, first, bytes) => machine.touch(first, bytes, true);
const byPages: Write = (machine, first, bytes) => {
  for (let at = first; at < first + bytes; at += PAGE) machine.touch(at, PAGE, true);
};

function randomStep(random: Random, area: number, alive: readonly number[], write: Write): Step {
  const page = area + random.below(AREA_PAGES) * PAGE;
  const isGroup = random.below(3) === 0;
  const pages = isGroup ? GROUP_PAGES : 1 + random.below([4, 600][random.below(2)] as number);
  const place = isGroup ? random.below(3) * GROUP_PAGES : random.below(AREA_PAGES - pages + 1);
  const first = area + place * PAGE;
  const number = 1 + random.below(MOST);
  const dice = random.below(100);
  if (dice < 40) return (machine) => `${write(machine, first, pages * PAGE)}`;
  if (dice < 50) return (machine) => `${machine.store(page, 1, BigInt(dice))}`;
  if (dice < 58) return (machine) => `${machine.load(page, 1)}`;
  if (dice < 66) return (machine) => `${machine.madvise(first, pages * PAGE, dice < 62 ? FREE : DONTNEED)}`;
  if (dice < 80) return (machine) => `fork ${machine.fork(number)}`;
  if (dice < 96) {
    const to = alive[random.below(alive.length)] as number;
    return (machine) => `${machine.switchTo(to)}`;
  }
  return (machine) => `exit ${machine.exit()}`;
}

function outcome(machine: Machine, step: Step): string {
  try {
    return step(machine);
  } catch (error) {
    if (!(error instanceof ProcessKilled)) throw error;
    return `killed ${error.process} with ${error.residentBytes}`;
  }
}

/** What there is. */
const stateOf = (machine: Machine, area: number) => {
  const { resident, virtual } = machine.counters().bytes;
  return {
    ...{ process: machine.process, resident, virtual, holders: trimmed(machine.holders()) },
    ...{ huge: machine.hugeGroups(), held: machine.heldPages() },
    pages: machine.pages(area, AREA_PAGES * PAGE),
  };
};

/** What happened. Of a range that is written at once, who is in the way is killed before the first of its pages is taken. */
const eventsOf = (machine: Machine) => {
  const { faults, zeroed, touched, sharing, bytes } = machine.counters();
  return { faults, zeroed, touched, sharing, bytes };
};

/** Without the zeros at its end. */
const trimmed = (numbers: number[]) => numbers.slice(0, numbers.findLastIndex((pages) => pages > 0) + 1);

describe.each([
  { check: false, memoryPages: 2000, zeroPage: "shared", hugePages: "never" },
  { check: true, memoryPages: 2300, zeroPage: "shared", hugePages: "never" },
  { check: true, memoryPages: 1800, zeroPage: "none", hugePages: "never" },
  { check: true, memoryPages: 2300, zeroPage: "shared", hugePages: "always" },
  { check: true, memoryPages: 1900, zeroPage: "none", hugePages: "always" },
] as const)(
  "in $memoryPages pages, zero page $zeroPage, huge pages $hugePages (check build: $check)",
  (settings) => {
    /** Does random steps on both. Returns how many processes were killed. */
    async function compare(seed: number, write: Write, isExact: boolean): Promise<number> {
      const options = optionsOf(settings.memoryPages, settings.zeroPage, settings.hugePages);
      const random = new Random(seed);
      const reference = new ReferenceMachine(options);
      const machines = [await openRawMachine(options, settings.check), reference] as const;
      const [area = 0, other] = machines.map((machine) => machine.mmap(0, AREA_PAGES * PAGE, ANYWHERE, 0));
      expect(other).toBe(area);
      let killed = 0;
      for (let step = 0; step < 120; step++) {
        const before = reference.numbers().length;
        const does = randomStep(random, area, reference.numbers(), write);
        const [real, expected] = machines.map((machine) => outcome(machine, does));
        expect(real, `step ${step}`).toBe(expected);
        const states = machines.map((machine) => ({
          ...stateOf(machine, area),
          ...(isExact && eventsOf(machine)),
        }));
        expect(states[0], `step ${step}`).toEqual(states[1]);
        if (!expected?.startsWith("exit")) killed += Math.max(0, before - reference.numbers().length);
      }
      machines[0].check();
      return killed;
    }

    it.each([1, 2])("the same processes are killed, and as much is left (seed %i)", async (seed) => {
      expect(await compare(seed, byPages, true)).toBeGreaterThan(1);
    });

    it.each([3, 4])("so they are where ranges are written at once (seed %i)", async (seed) => {
      expect(await compare(seed, atOnce, false)).toBeGreaterThan(1);
    });
  },
);

describe("the only process", () => {
  it.each(["never", "always"] as const)("is not killed: memory is out (huge pages %s)", async (hugePages) => {
    for (const memoryPages of [1000, AREA_PAGES]) {
      const machine = await openRawMachine(optionsOf(memoryPages, "shared", hugePages), true);
      const area = machine.mmap(0, (AREA_PAGES + 1) * PAGE, ANYWHERE, 0);
      let error: unknown;
      try {
        machine.touch(area, (AREA_PAGES + 1) * PAGE, true);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(OutOfMemory);
      expect(error).not.toBeInstanceOf(ProcessKilled);
    }
  });
});

describe("pages that may be taken", () => {
  it("stay when memory is short, if two processes have them", async () => {
    const options: MachineOptions = {
      ...optionsOf(1300, "shared", "never"),
      linux: { overcommit: "always" },
    };
    const machines = [await openRawMachine(options, true), new ReferenceMachine(options)] as const;
    const states = machines.map((machine) => {
      const [shared = 0, own = 0, other = 0] = [0, 1, 2].map(() =>
        machine.mmap(0, GROUP_PAGES * PAGE, ANYWHERE, 0),
      );
      atOnce(machine, shared, GROUP_PAGES * PAGE);
      machine.madvise(shared, GROUP_PAGES * PAGE, FREE);
      machine.fork(2);
      atOnce(machine, own, GROUP_PAGES * PAGE);
      machine.madvise(own, GROUP_PAGES * PAGE, FREE);
      byPages(machine, other, GROUP_PAGES * PAGE);
      expect(machine.counters().bytes.resident).toBe(2 * GROUP_PAGES * PAGE);
      const pages = [1, 2].map((process) => {
        machine.switchTo(process);
        return machine.pages(shared, GROUP_PAGES * PAGE);
      });
      return { ...eventsOf(machine), pages };
    });
    expect(states[0]).toEqual(states[1]);
    machines[0].check();
  });
});

describe("a huge page that was taken when memory was short", () => {
  const GROUP = 512 * PAGE;
  const options: MachineOptions = { ...optionsOf(1100, "shared", "always"), linux: { overcommit: "always" } };

  /** Has a huge page taken on both machines, one after the other; the same is left of it on both. */
  async function compare(isInPieces: boolean, goOn: (machine: Machine, area: number) => void): Promise<void> {
    const machines = [await openRawMachine(options, true), new ReferenceMachine(options)] as const;
    const states = machines.map((machine) => {
      const [area, other] = [GROUP, 2 * GROUP].map((bytes) => machine.mmap(0, bytes, ANYWHERE, 0)) as [
        number,
        number,
      ];
      machine.touch(area, PAGE, true);
      expect(machine.hugeGroups()).toBe(1);
      if (isInPieces) for (const advice of [DONTFORK, DOFORK]) machine.madvise(area, 100 * PAGE, advice);
      machine.madvise(area, GROUP, FREE);
      byPages(machine, other, 2 * GROUP);
      machine.munmap(other, 2 * GROUP);
      expect(machine.counters().bytes.resident).toBe(0);
      goOn(machine, area);
      return { ...eventsOf(machine), ...stateOf(machine, area) };
    });
    expect(states[0]).toEqual(states[1]);
    machines[0].check();
  }

  it.each([true, false])("is nothing that a fork copies (in pieces: %s)", async (isInPieces) => {
    await compare(isInPieces, (machine) => {
      machine.fork(2);
      expect(machine.counters().sharing.forkedPages).toBe(0);
    });
  });

  it.each([true, false])(
    "has small pages in its place, each copied while somebody else has it (in pieces: %s)",
    async (isInPieces) => {
      await compare(isInPieces, (machine, area) => {
        const write = (page: number) => machine.touch(area + page * PAGE, PAGE, true);
        write(5);
        expect(machine.heldPages()).toBe(0);
        machine.fork(2);
        write(5);
        machine.switchTo(2);
        for (const page of [5, 7]) write(page);
        machine.fork(3);
        machine.switchTo(3);
        machine.exit();
        machine.switchTo(2);
        write(7);
        expect(machine.counters().sharing).toMatchObject({ copies: 1, reuses: 2 });
      });
    },
  );
});
