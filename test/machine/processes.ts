/** Scripts of processes that fork, for the simulated Linux kernel and, by test/oracle/processes.c, for the real one. */
import { execFileSync } from "node:child_process";
import type { HugePagesKind, ZeroPageKind } from "../../src/allocator/machine.js";
import { setSizes } from "../../src/sandbox/processes.js";
import { drawsFrom } from "../random.js";
import { openRawMachine } from "../raw-machine.js";
import { FIXED, type HugeMachine, type PageRun } from "../reference/interface.js";
import { allFaults, SimulatedFiles } from "./files.js";
import { ADVICE, PROTECTION } from "./linux-numbers.js";

const PAGE = 4096;
const HUGE = 512 * PAGE;
const AREAS = 4;
const AREA_PAGES = 80;
const PROCESSES = 6;
/** Of processes.c. */
const MOST_PROCESSES = 8;

/** A process, what it does, and the numbers that processes.c describes. */
export type Step = readonly [
  process: number,
  verb: string,
  area: number,
  first: number,
  count: number,
  argument?: number,
];

/** What is about files, and about huge pages, has scripts of its own. */
const NOT_AT_RANDOM = [0, 1, 9, 14, 15, 25];

/** The simulated kernel. Areas lie apart, as nothing is mapped next to a real one. */
export class SimulatedProcesses {
  private readonly areas: number[] = [];
  private readonly files: SimulatedFiles;
  private rooms = 0;

  private constructor(readonly machine: HugeMachine) {
    this.files = new SimulatedFiles(machine, this.areas);
  }

  static async open(zeroPage: ZeroPageKind, hugePages: HugePagesKind = "never"): Promise<SimulatedProcesses> {
    const options = { kernel: "linux", pageBytes: PAGE, memoryBytes: 0, addressSpaceBytes: 0 } as const;
    return new SimulatedProcesses(
      await openRawMachine({ ...options, maxMaps: 0, mapAlignment: "page", zeroPage, hugePages }, true),
    );
  }

  answer([process, verb, area, first, count, argument = 0]: Step): string {
    const { machine } = this;
    machine.switchTo(process);
    const at = (this.areas[area] ?? 0) + first * PAGE;
    switch (verb) {
      case "map":
        this.areas[area] = this.room(first);
        return machine.mmap(this.areas[area] as number, count * PAGE, FIXED, PAGE) ? "0" : "-1";
      case "read":
      case "write":
        return this.access(at, count, verb === "write");
      case "advise":
        return String(machine.madvise(at, count * PAGE, ADVICE.get(argument) as number));
      case "protect":
        return String(machine.protect(at, count * PAGE, PROTECTION[argument] as number));
      case "unmap":
        return String(machine.munmap(at, count * PAGE));
      case "fork":
        return String(machine.fork(argument));
      case "exit":
        machine.exit();
        return "0";
      case "show":
        return this.show(at, count);
      case "sizes": {
        const held = machine.holders();
        const { resident, unique } = setSizes(held, PAGE);
        const all = Array.from({ length: MOST_PROCESSES }, (_, i) => held[i] ?? 0);
        return [resident / 1024, unique / 1024, ...all].join(" ");
      }
      case "huge":
        return String(2048 * machine.hugeGroups());
      default:
        return this.files.answer(verb, area, first, count, argument);
    }
  }

  /** A place of its own, so many pages above a multiple of 2 MiB. */
  private room(offset: number): number {
    this.rooms += 1;
    return 0x200000000000 + this.rooms * 64 * HUGE + offset * PAGE;
  }

  /** Whether the running process has all of the pages. */
  isMapped(area: number, first: number, count: number): boolean {
    const runs = this.machine.pages((this.areas[area] ?? 0) + first * PAGE, count * PAGE);
    return runs.every(({ state }) => state !== "unmapped");
  }

  private access(at: number, count: number, write: boolean): string {
    const before = this.machine.counters();
    const faults = allFaults(this.machine);
    const shown = this.shown(at, count);
    this.machine.touch(at, count * PAGE, write);
    const { sharing } = this.machine.counters();
    // What was copied of a file's page that was there has another frame, too.
    const left = this.shown(at, count);
    const replaced = [...shown].filter((page) => !left.has(page)).length;
    const copies = sharing.copies - before.sharing.copies + replaced;
    return `${allFaults(this.machine) - faults} ${copies}`;
  }

  /** The pages of a range that show a file's. */
  private shown(at: number, count: number): Set<number> {
    const runs = this.machine.pages(at, count * PAGE).filter(({ state }) => state === "file");
    return new Set(
      runs.flatMap(({ address, pages }) => Array.from({ length: pages }, (_, i) => address + i * PAGE)),
    );
  }

  /** As processes.c shows pages, but for how many hold a frame, which `sizes` tells of all. */
  private show(at: number, count: number): string {
    const kinds = this.machine.pages(at, count * PAGE).map((run) => [run.pages, kindOf(run)] as const);
    return joined(kinds);
  }
}

function kindOf({ state }: PageRun): string {
  if (state === "unmapped" || state === "reserved") return ".";
  if (state === "file") return "f";
  return state === "zeroPage" ? "z" : "a";
}

function joined(runs: readonly (readonly [pages: number, kind: string])[]): string {
  const found: [number, string][] = [];
  for (const [pages, kind] of runs) {
    const last = found.at(-1);
    if (last?.[1] === kind) last[0] += pages;
    else found.push([pages, kind]);
  }
  return found.map(([pages, kind]) => `${pages}x${kind}`).join(" ");
}

/** What the real kernel answers: the fewest faults of some runs, as others had pages of the program itself among them. */
export function askReal(
  program: string,
  script: readonly Step[],
  hugePages: HugePagesKind = "never",
  runs = 3,
): string[] {
  const input = `${script.map((step) => step.join(" ")).join("\n")}\n`;
  const answers = Array.from({ length: runs }, () =>
    execFileSync(program, hugePages === "never" ? [] : [hugePages], { input, encoding: "utf8" })
      .split("\n")
      .slice(0, -1),
  );
  return script.map(([, verb], i) => {
    const all = answers.map((lines) => lines[i] as string);
    if (verb === "show") return withoutHolders(all[0] as string);
    return all.reduce((least, line) => (faultsIn(line) < faultsIn(least) ? line : least));
  });
}

const faultsIn = (line: string) => Number(line.split(" ")[0]);

function withoutHolders(line: string): string {
  return joined(
    line.split(" ").map((run) => {
      const [pages, kind] = run.split("x") as [string, string];
      return [Number(pages), kind.replace(/\d+/, "")];
    }),
  );
}

// ---- Random scripts ----

/** A script that grows by what `act` has a kernel do, with what it answers. */
export function recorded(kernel: SimulatedProcesses) {
  const script: Step[] = [];
  const lines: string[] = [];
  const act = (step: Step) => {
    script.push(step);
    lines.push(kernel.answer(step));
  };
  return { script, lines, act };
}

/** Does so many random steps on a simulated kernel, and looks at a process after each. */
export async function randomScript(
  seed: number,
  steps: number,
  zeroPage: ZeroPageKind,
): Promise<{ script: Step[]; lines: string[] }> {
  const { random, between, pick } = drawsFrom(seed);
  const kernel = await SimulatedProcesses.open(zeroPage);
  const { script, lines, act } = recorded(kernel);
  for (let area = 0; area < AREAS; area++) act([1, "map", area, 0, AREA_PAGES]);
  const alive = new Set([1]);
  for (let i = 0; i < steps; i++) {
    const process = pick([...alive]);
    const area = between(0, AREAS - 1);
    const first = between(0, AREA_PAGES - 1);
    const count = between(1, Math.min(AREA_PAGES - first, random() < 0.2 ? AREA_PAGES : 12));
    const dice = random();
    if (dice < 0.06) {
      const child = Array.from({ length: PROCESSES }, (_, index) => index + 1).find(
        (number) => !alive.has(number),
      );
      if (child === undefined) continue;
      act([process, "fork", 0, 0, 0, child]);
      alive.add(child);
    } else if (dice < 0.1) {
      if (alive.size === 1) continue;
      act([process, "exit", 0, 0, 0]);
      alive.delete(process);
      continue;
    } else if (dice < 0.25) {
      act([
        process,
        "advise",
        area,
        first,
        count,
        pick([...ADVICE.keys()].filter((advice) => !NOT_AT_RANDOM.includes(advice))),
      ]);
    } else {
      kernel.machine.switchTo(process);
      if (!kernel.isMapped(area, first, count)) continue;
      act([process, random() < 0.65 ? "write" : "read", area, first, count]);
    }
    act([process, "show", area, 0, AREA_PAGES]);
    act([process, "sizes", 0, 0, 0]);
  }
  kernel.machine.check();
  return { script, lines };
}
