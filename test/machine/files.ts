/** The verbs of files (test/oracle/files.h) on the simulated Linux kernel. */
import { totalFaults } from "../../src/allocator/counters.js";
import { ANYWHERE, FIXED, type Machine } from "../reference/interface.js";

const PAGE = 4096;
/** What a fault maps at most begins at a multiple of so many pages. */
const WINDOW = 16;
/** An area and a page of it, as one number. */
const MEMORY_PAGES = 4096;

/** Faults of all kinds, minor and major. */
export function allFaults(machine: Machine): number {
  const { faults, files } = machine.counters();
  return totalFaults(faults) + files.mapFaults + files.copyFaults + files.writableFaults;
}

export class SimulatedFiles {
  private readonly numbers: number[] = [];
  private readAhead = 32;

  constructor(
    private readonly machine: Machine,
    private readonly areas: number[],
  ) {}

  /** Answers as files.h does. `at`: an area, or a file. */
  answer(verb: string, at: number, first: number, count: number, argument: number): string {
    const { machine } = this;
    const file = this.numbers[at] ?? 0;
    const [from, bytes] = [first * PAGE, count * PAGE];
    switch (verb) {
      case "create":
        this.numbers[at] = machine.createFile(argument === 1, bytes, argument === 0);
        return "0";
      case "window":
        // What the real kernel has is given: `first` is 0 to ask what this one has.
        if (first > 0) this.setWindow(first);
        return String(this.readAhead);
      case "warm":
        return this.warm(file, first, count);
      case "mapfile":
      case "mapshared":
        return this.map(at, first, count, this.numbers[argument] ?? 0, verb === "mapshared");
      case "pread":
      case "pwrite":
        return this.transfer(file, from, bytes, argument, verb === "pwrite");
      case "sendfile":
        return String(machine.sendFile(file, from, bytes) / PAGE);
      case "forget":
        return String(machine.forgetFile(file, from, bytes));
      case "sync":
        return String(machine.syncFile(file));
      case "incore":
        return runsOf(
          Array.from({ length: count }, (_, page) => Number(machine.isCached(file, page * PAGE))),
        );
      case "sets": {
        const anonymous = machine.holders().reduce((sum, pages) => sum + pages, 0);
        const [disk, memory] = machine.filePages();
        return `${anonymous * 4} ${(disk + memory) * 4}`;
      }
      default:
        throw new Error(`no verb ${verb}`);
    }
  }

  private setWindow(pages: number): void {
    this.readAhead = pages;
    this.machine.setReadahead(pages);
  }

  private warm(file: number, first: number, count: number): string {
    this.machine.setReadahead(0);
    for (let page = first; page < first + count; page++) this.machine.sendFile(file, page * PAGE, 1);
    this.machine.setReadahead(this.readAhead);
    return "0";
  }

  private map(area: number, first: number, count: number, file: number, isShared: boolean): string {
    const { machine } = this;
    const room = machine.mmap(0, (count + 3 * WINDOW) * PAGE, ANYWHERE, WINDOW * PAGE);
    machine.munmap(room, (count + 3 * WINDOW) * PAGE);
    const at = room + WINDOW * PAGE;
    this.areas[area] = machine.mapFile(file, at, count * PAGE, FIXED, first * PAGE, isShared);
    return this.areas[area] === at ? "0" : "not mapped";
  }

  private transfer(file: number, from: number, bytes: number, memory: number, writes: boolean): string {
    const address = (this.areas[Math.floor(memory / MEMORY_PAGES)] ?? 0) + (memory % MEMORY_PAGES) * PAGE;
    const before = allFaults(this.machine);
    const done = writes
      ? this.machine.writeFile(file, from, address, bytes)
      : this.machine.readFile(file, from, address, bytes);
    return `${allFaults(this.machine) - before} ${done < 0 ? -1 : done / PAGE}`;
  }
}

/** Runs of equal numbers: 4x1 12x0. */
function runsOf(values: readonly number[]): string {
  const runs: [count: number, value: number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.[1] === value) last[0] += 1;
    else runs.push([1, value]);
  }
  return runs.map(([count, value]) => `${count}x${value}`).join(" ");
}
