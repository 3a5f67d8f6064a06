/** Scripts about huge pages, for the simulated Linux kernel and, by test/oracle/huge.c, for the real one. */
import { execFileSync } from "node:child_process";
import { totalFaults } from "../../src/allocator/counters.js";
import type { HugePagesKind, ZeroPageKind } from "../../src/allocator/machine.js";
import { drawsFrom } from "../random.js";
import { openRawMachine } from "../raw-machine.js";
import { FIXED, type HugeMachine } from "../reference/interface.js";
import { ADVICE, PROTECTION } from "./linux-numbers.js";

const PAGE = 4096;
const HUGE = 512 * PAGE;

/** What is done to which pages of which area: as huge.c describes it. */
export type Step = readonly [verb: string, area: number, first: number, count: number, argument?: number];

export class SimulatedHugePages {
  private readonly areas: number[] = [];
  private rooms = 0;

  private constructor(readonly machine: HugeMachine) {}

  static async open(
    hugePages: HugePagesKind = "madvise",
    memoryBytes = 0,
    zeroPage: ZeroPageKind = "shared",
  ): Promise<SimulatedHugePages> {
    const limits = { memoryBytes, addressSpaceBytes: 0, maxMaps: 0, mapAlignment: "page" } as const;
    return new SimulatedHugePages(
      await openRawMachine({ kernel: "linux", pageBytes: PAGE, ...limits, zeroPage, hugePages }, true),
    );
  }

  answer([verb, area, first, count, argument = 0]: Step): string {
    const { machine } = this;
    const at = (this.areas[area] ?? 0) + first * PAGE;
    switch (verb) {
      case "map":
        this.areas[area] = this.room(first);
        return machine.mmap(this.areas[area] as number, count * PAGE, FIXED, PAGE) ? "0" : "-1";
      case "read":
      case "write": {
        const faults = () => totalFaults(machine.counters().faults);
        const before = faults();
        machine.touch(at, count * PAGE, verb === "write");
        return String(faults() - before);
      }
      case "advise":
        return String(machine.madvise(at, count * PAGE, ADVICE.get(argument) as number));
      case "protect":
        return String(machine.protect(at, count * PAGE, PROTECTION[argument] as number));
      case "unmap":
        return String(machine.munmap(at, count * PAGE));
      case "move":
        return this.move(area, at, count, argument);
      case "show":
        return this.show(at, count);
      default:
        throw new Error(`no verb ${verb}`);
    }
  }

  /** A place of its own, so many pages above a multiple of 2 MiB. */
  private room(offset: number): number {
    this.rooms += 1;
    return 0x200000000000 + this.rooms * 64 * HUGE + offset * PAGE;
  }

  /** mremap moves to where there is room from the top down: all but the place is filled. */
  private move(area: number, from: number, count: number, offset: number): string {
    const top = 0x7ffff7ff0000;
    const bytes = (count + 1) * PAGE;
    const to = Math.floor((top - bytes - HUGE) / HUGE) * HUGE - 16 * HUGE * (this.rooms + 1) + offset * PAGE;
    this.rooms += 1;
    const above = this.machine.mmap(to + bytes, top - to - bytes, FIXED, PAGE);
    // What is behind it must not grow in place.
    this.machine.mmap(from + count * PAGE, PAGE, FIXED, PAGE);
    const moved = this.machine.mremap(from, count * PAGE, bytes, true);
    this.machine.munmap(above, top - to - bytes);
    this.machine.munmap(from + count * PAGE, PAGE);
    this.areas[area] = moved;
    return moved === to ? "0" : "-1";
  }

  private show(at: number, count: number): string {
    const runs: [pages: number, kind: string][] = [];
    for (const { state, pages } of this.machine.pages(at, count * PAGE)) {
      const kind = state === "unmapped" || state === "reserved" ? "." : state === "zeroPage" ? "z" : "a";
      const last = runs.at(-1);
      if (last?.[1] === kind) last[0] += pages;
      else runs.push([pages, kind]);
    }
    return runs.map(([pages, kind]) => `${pages}x${kind}`).join(" ");
  }
}

/** What the real kernel answers, where pages of huge frames are not told from others; and KiB of huge pages after each `show`. */
export function askReal(program: string, script: readonly Step[]): { lines: string[]; huge: number[] } {
  const input = `${script.map((step) => step.join(" ")).join("\n")}\n`;
  const answers = execFileSync(program, { input, encoding: "utf8" }).trim().split("\n").slice(1);
  const huge = answers.flatMap((line) => (line.includes("x") ? [Number(line.split(" ").at(-1))] : []));
  return { lines: answers.map((line) => (line.includes("x") ? withoutFrames(line) : line)), huge };
}

/**
 * What the real kernel answers otherwise to a script; null if nothing. It is asked three times: khugepaged makes pages huge
 * when it comes by, and frames of 2 MiB may be short.
 */
export function differenceIn(program: string, { script, lines, huge }: Answers): string | null {
  let found = "";
  for (let times = 0; times < 3; times++) {
    const real = askReal(program, script);
    const at = lines.findIndex((line, i) => line !== real.lines[i]);
    if (at < 0 && String(huge) === String(real.huge)) return null;
    const done = (at < 0 ? script : script.slice(0, at + 1)).map((step) => step.join(" ")).join("\n");
    found = `${done}\nsimulated: ${lines[at] ?? huge}\nreal: ${at < 0 ? real.huge : real.lines[at]}`;
  }
  return found;
}

function withoutFrames(line: string): string {
  const runs: [pages: number, kind: string][] = [];
  for (const run of line.split(" ").slice(0, -1)) {
    const [pages, kind] = run.split("x") as [string, string];
    const last = runs.at(-1);
    if (last?.[1] === kind.toLowerCase()) last[0] += Number(pages);
    else runs.push([Number(pages), kind.toLowerCase()]);
  }
  return runs.map(([pages, kind]) => `${pages}x${kind}`).join(" ");
}

// ---- Random scripts ----

const AREA_PAGES = 1400;
const OFFSETS = [0, 308, 200];
const FAR = 700;

/** A script, what a simulated kernel answers, and KiB of huge pages after each `show`. */
interface Answers {
  script: Step[];
  lines: string[];
  huge: number[];
}

/** Does so many random steps on a simulated kernel, and looks at an area after each. No first access of a place is a read. */
export async function randomScript(seed: number, steps: number): Promise<Answers> {
  const { random, between } = drawsFrom(seed);
  const kernel = await SimulatedHugePages.open();
  const script: Step[] = [];
  const lines: string[] = [];
  const huge: number[] = [];
  const act = (step: Step) => {
    script.push(step);
    lines.push(kernel.answer(step));
  };
  for (const [area, offset] of OFFSETS.entries()) {
    act(["map", area, offset, AREA_PAGES]);
    act(["advise", area, 0, AREA_PAGES, 14]);
  }
  const gone = OFFSETS.map(() => AREA_PAGES);
  // What PAGEOUT does of huge pages that were lazy and then written is left out: it leaves them whole, once.
  const freed = new Set<number>();
  const rewritten = new Set<number>();
  for (let i = 0; i < steps; i++) {
    const area = between(0, OFFSETS.length - 1);
    const most = gone[area] as number;
    const spans = random() < 0.4;
    const first = spans
      ? Math.min(most - 1, between(0, 2) * 512 - (OFFSETS[area] as number) + 512)
      : between(0, most - 1);
    const count = Math.min(most - first, spans ? 512 * between(1, 2) : between(1, random() < 0.3 ? FAR : 12));
    const dice = random();
    if (dice < 0.4) {
      act(["write", area, first, count]);
      if (freed.has(area)) rewritten.add(area);
    } else if (dice < 0.85) {
      const advice = [4, 4, 8, 20, 21, 14, 15, 25, 23][between(0, 8)] as number;
      if (advice === 21 && rewritten.has(area)) continue;
      act(["advise", area, first, count, advice]);
      if (advice === 8) freed.add(area);
      if ((advice === 23 || advice === 25) && freed.has(area)) rewritten.add(area);
    } else if (dice < 0.95) {
      act(["protect", area, first, count, 1]);
      act(["protect", area, first, count, 3]);
    } else {
      // From the end, so that what is left stays one range.
      const left = Math.max(1, most - between(1, 40));
      act(["unmap", area, left, most - left]);
      gone[area] = left;
    }
    act(["show", area, 0, gone[area] as number]);
    huge.push(2048 * kernel.machine.hugeGroups());
  }
  kernel.machine.check();
  return { script, lines, huge };
}
