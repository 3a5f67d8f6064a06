/**
 * Scripts of system calls, for the simulated Linux kernel and, by test/oracle/address-space.c, for the real one. Addresses
 * in scripts are bytes below the place where mappings are put first; from HEAPWARD on, bytes above the heap's start.
 */
import { execFileSync } from "node:child_process";
import type { ZeroPageKind } from "../../src/allocator/machine.js";
import { SegmentationFault } from "../../src/base/errors.js";
import { drawsFrom } from "../random.js";
import { openRawMachine } from "../raw-machine.js";
import {
  ANYWHERE,
  DOFORK,
  DONTFORK,
  DONTNEED,
  EXACT,
  FIXED,
  FREE,
  KEEPONFORK,
  type Machine,
  WIPEONFORK,
} from "../reference/interface.js";
import { HEAP_START, LINUX_TOP } from "../reference/machine.js";

export const PAGE = 4096;
export const HEAPWARD = 2 ** 46;
const GIB = 2 ** 30;
const REACH = 2 ** 40;
const HUGE_PAGES = 512;

/** A verb and its numbers, as address-space.c describes them. */
export type Step = readonly [verb: string, ...numbers: number[]];

/** What a kernel answered to a script: a line for each step. */
export interface Answers {
  /** Areas that the program began with. */
  own: number;
  lines: string[];
}

/** What the simulated kernel is started with: today's Linux. */
export const TODAY = {
  kernel: "linux",
  pageBytes: PAGE,
  memoryBytes: 0,
  addressSpaceBytes: 0,
  maxMaps: 65530,
  mapAlignment: "huge",
  zeroPage: "shared",
} as const;

/** By the numbers of scripts. */
const ADVICE = [DONTNEED, FREE, DONTFORK, DOFORK, WIPEONFORK, KEEPONFORK];

const fromScript = (address: number) =>
  address < HEAPWARD ? LINUX_TOP - address : HEAP_START + address - HEAPWARD;
const toScript = (address: number) => {
  if (address === 0) return 0;
  return address < LINUX_TOP - REACH ? HEAPWARD + address - HEAP_START : LINUX_TOP - address;
};

/** The simulated kernel, which began with so many areas that the machine does not have. */
export class SimulatedKernel {
  private constructor(readonly machine: Machine) {}

  static async open(own = 0, zeroPage: ZeroPageKind = TODAY.zeroPage): Promise<SimulatedKernel> {
    const options = { ...TODAY, maxMaps: TODAY.maxMaps - own, zeroPage };
    return new SimulatedKernel(await openRawMachine(options, true));
  }

  answer([verb, a = 0, b = 0, c = 0, d = 0]: Step): string {
    const { machine } = this;
    const at = fromScript(a);
    switch (verb) {
      case "map":
        return String(toScript(machine.mmap(a && at, b, [ANYWHERE, FIXED, EXACT][c] as number, PAGE)));
      case "unmap":
        return String(machine.munmap(at, b));
      case "remap":
        return String(toScript(machine.mremap(at, b, c, d !== 0)));
      case "advise":
        return String(machine.madvise(at, b, ADVICE[c] as number));
      case "protect":
        return String(machine.protect(at, b, c));
      case "brk":
        return machine.brk(HEAP_START + a) === HEAP_START + a ? "0" : "-1";
      case "read":
      case "write":
        machine.touch(at, b, verb === "write");
        return "0";
      case "comb":
        return String(this.comb(at, b));
      case "fork":
        machine.fork(machine.process + 1);
        machine.switchTo(machine.process + 1);
        return "0";
      case "show":
        return [...this.show(HEAP_START, GIB), ...this.show(LINUX_TOP - REACH, REACH)]
          .map((area) => ` ${area}`)
          .join("");
      case "count":
        return String(machine.areaCount());
      default:
        throw new Error(`no verb ${verb}`);
    }
  }

  private comb(start: number, pages: number): number {
    let done = 0;
    for (let page = 1; page < pages; page += 2) {
      done += this.machine.munmap(start + page * PAGE, PAGE) === 0 ? 1 : 0;
    }
    return done;
  }

  private show(from: number, bytes: number): string[] {
    return this.machine.areas(from, bytes).map((area) => {
      const runs = this.machine.pages(area.address, area.bytes);
      const resident = runs.filter(({ state }) => state === "clean" || state === "written");
      const pages = resident.reduce((sum, run) => sum + run.pages, 0);
      return `${toScript(area.address)}:${area.bytes / PAGE}:${pages}`;
    });
  }
}

/** What the real kernel answers. */
export function askReal(program: string, script: readonly Step[]): Answers {
  const input = `${script.map((step) => step.join(" ")).join("\n")}\n`;
  const output = execFileSync(program, [String(LINUX_TOP % GIB)], { input, encoding: "utf8" });
  const [own, ...lines] = output.split("\n").slice(0, -1);
  return { own: Number(own), lines };
}

// ---- Random scripts ----

/** Where scripts map at hints and fixed addresses, below what is put anywhere. */
const WINDOW = 2 ** 34;
const WINDOW_PAGES = 40;
const HEAP_PAGES = 24;

/** Does so many random steps on a simulated kernel, and shows its areas after each. */
export async function randomScript(
  seed: number,
  steps: number,
  zeroPage: ZeroPageKind,
): Promise<{ script: Step[]; lines: string[] }> {
  const { random, between } = drawsFrom(seed);
  const kernel = await SimulatedKernel.open(0, zeroPage);
  const script: Step[] = [];
  const lines: string[] = [];
  const act = (step: Step) => {
    script.push(step);
    lines.push(kernel.answer(step));
  };
  /** Does an access, unless it is to what is protected. */
  const mayAct = (step: Step): boolean => {
    try {
      lines.push(kernel.answer(step));
      script.push(step);
      return true;
    } catch (error) {
      if (error instanceof SegmentationFault) return false;
      throw error;
    }
  };
  const areas = () => [
    ...kernel.machine.areas(HEAP_START, GIB),
    ...kernel.machine.areas(LINUX_TOP - REACH, REACH),
  ];
  /** Pages of an area, mostly few; anything may be there of what is beyond. */
  const range = (beyond: number): [address: number, bytes: number] => {
    const all = areas();
    const area = all[between(0, all.length - 1)];
    if (area === undefined) return [WINDOW, PAGE];
    const pages = area.bytes / PAGE;
    const first = random() < 0.3 ? 0 : between(0, pages - 1);
    const most = Math.min(pages - first, random() < 0.2 ? pages : 6);
    const count = random() < 0.2 ? pages - first : between(1, most);
    const address = toScript(area.address + first * PAGE);
    const bytes = (count + (random() < 0.3 ? beyond : 0)) * PAGE;
    // What is above the top is the real program's.
    return [address, Math.min(bytes, address)];
  };
  const place = () =>
    random() < 0.2 ? HEAPWARD + between(1, HEAP_PAGES) * PAGE : WINDOW - between(0, WINDOW_PAGES) * PAGE;
  const sizes = () =>
    random() < 0.1 ? HUGE_PAGES * between(1, 3) + (random() < 0.3 ? 1 : 0) : between(1, 6);
  const make = (): Step => {
    const dice = random();
    if (dice < 0.1) return ["map", 0, sizes() * PAGE, 0];
    if (dice < 0.32) return ["map", place(), between(1, 6) * PAGE, between(0, 2)];
    if (dice < 0.45) return ["unmap", ...range(between(0, 4))];
    if (dice < 0.62) {
      const [address, bytes] = range(between(0, 6));
      const to = random() < 0.5 ? bytes + between(0, 5) * PAGE : sizes() * PAGE;
      return ["remap", address, bytes, to, random() < 0.7 ? 1 : 0];
    }
    if (dice < 0.65) return ["protect", ...range(between(0, 4)), between(0, 2)];
    if (dice < 0.7)
      return ["advise", ...range(between(0, 4)), random() < 0.5 ? between(0, 1) : between(2, 5)];
    if (dice < 0.77) return ["brk", between(0, HEAP_PAGES) * PAGE];
    if (dice < 0.78) return ["fork"];
    return [dice < 0.92 ? "write" : "read", ...range(0)];
  };
  for (let i = 0; i < steps; i++) {
    const step = make();
    if ((step[0] === "write" || step[0] === "read") && areas().length === 0) continue;
    // An access that the machine refuses ends a real program.
    if (step[0] !== "write" && step[0] !== "read") act(step);
    else if (!mayAct(step)) continue;
    act(["show"]);
  }
  kernel.machine.check();
  return { script, lines };
}
