/** Scripts of mappings and limits, for the simulated Linux kernel and, by test/oracle/placement.c, for the real one. */
import { execFileSync } from "node:child_process";
import type { LinuxSettings } from "../../src/allocator/machine.js";
import { drawsFrom } from "../random.js";
import { openRawMachine } from "../raw-machine.js";
import {
  ANYWHERE,
  LOW,
  type Machine,
  type MachineOptions,
  RESERVED,
  UNBACKED,
} from "../reference/interface.js";

export const MIB = 2 ** 20;
const GIB = 2 ** 30;
const PAGE = 4096;
const HINTS = 128;
/** Above what a small program that is at 4 MiB has, bss and all. */
export const HEAP = 0x426000;

/** A verb and its numbers, as placement.c describes them. */
export type Step = readonly [verb: string, ...numbers: number[]];

/** How a program is linked and started. */
export type Program = Pick<LinuxSettings, "image" | "layout">;

/** Has the simulated kernel answer a script. Limits are set when it starts, and so are those of the first step that sets some. */
export async function simulated(
  program: Program,
  script: readonly Step[],
  memoryBytes = 0,
  more: Partial<LinuxSettings> = {},
): Promise<string[]> {
  const limit = (which: number) => script.find(([verb, a]) => verb === "limit" && a === which)?.[2] ?? 0;
  const options: MachineOptions = {
    ...{ kernel: "linux", pageBytes: PAGE, memoryBytes, addressSpaceBytes: limit(0) },
    ...{ maxMaps: 65530, mapAlignment: "huge", zeroPage: "shared" },
    linux: { ...program, dataLimit: limit(1), ...more },
  };
  const kernel = new SimulatedKernel(await openRawMachine(options, true));
  const answers = script.map((step) => kernel.answer(step));
  kernel.machine.check();
  return answers;
}

class SimulatedKernel {
  private last = { address: 0, bytes: 0 };

  constructor(readonly machine: Machine) {}

  answer([verb, a = 0, b = 0, c = 0]: Step): string {
    const { machine, last } = this;
    switch (verb) {
      case "brk":
        return machine.brk(a) === a ? "0" : "-1";
      case "map": {
        const at = this.map(a, b, c);
        return String(at < 4 * GIB ? at : 1);
      }
      case "low": {
        const found: number[] = [];
        for (let at = this.map(0, MIB, LOW); at !== 0; at = this.map(0, MIB, LOW)) found.push(at);
        return `${found.length} ${found[0] ?? 0}`;
      }
      case "hints": {
        const hints = Array.from({ length: HINTS }, (_, i) => 16 * i * MIB + 65536);
        return String(hints.filter((hint) => this.map(hint, MIB, ANYWHERE) === hint).length);
      }
      case "limit":
        return "0";
      case "protect":
        return String(machine.protect(last.address, last.bytes, a));
      case "unmap":
        return String(machine.munmap(last.address, last.bytes));
      case "heap":
        return machine.brk(0) < 4 * GIB ? "1" : "0";
      case "up": {
        const at = this.map(0, 4096, ANYWHERE);
        return this.map(0, 8192, ANYWHERE) > at ? "1" : "0";
      }
      default:
        throw new Error(`no verb ${verb}`);
    }
  }

  private map(hint: number, bytes: number, place: number): number {
    const address = this.machine.mmap(hint, bytes, place, PAGE);
    if (address !== 0) this.last = { address, bytes };
    return address;
  }
}

export const PROGRAMS: readonly Program[] = [
  { image: "nonPie", layout: "topDown" },
  { image: "pie", layout: "topDown" },
  { image: "nonPie", layout: "bottomUp" },
];

/** What kernel-fuzz.ts calls its scripts. */
export const nameOf = ({ image, layout }: Program) =>
  layout === "bottomUp" ? "legacy" : image === "pie" ? "pie" : "non-pie";

/** How the C program is compiled. */
export const LINKED: Record<Program["image"], readonly string[]> = {
  pie: ["-pie", "-fPIE"],
  nonPie: ["-no-pie"],
};

/** What the real kernel answers, without randomization. */
export function askReal(program: string, { layout }: Program, script: readonly Step[]): string[] {
  const input = `${script.map((step) => step.join(" ")).join("\n")}\n`;
  const flags = layout === "bottomUp" ? ["-R", "-L"] : ["-R"];
  return execFileSync("setarch", [...flags, program], { input, encoding: "utf8" })
    .trim()
    .split("\n");
}

// ---- Random scripts ----

/** Low mappings, which are placed by the most rules, twice as often as others. */
const PLACES = [ANYWHERE, LOW, LOW, RESERVED, UNBACKED] as const;

/**
 * A random script: the heap, mappings at hints and low, of whole 2 MiB and others, what is unmapped and protected. Half of
 * them have a limit. It is no whole number of 8 MiB, as all that comes near it is: the real program has some memory of its own.
 */
export function randomScript({ image }: Program, seed: number, steps: number): Step[] {
  const { between, pick, random } = drawsFrom(seed);
  const limited = random() < 0.5;
  const script: Step[] = [["map", 0, PAGE, LOW]];
  if (limited) script.push(["limit", between(0, 1), (8 * between(20, 60) + 4) * MIB]);
  const bytes = () =>
    limited || random() < 0.4 ? 8 * between(1, 12) * MIB : pick([1, 2, 5, 300, 512, 513]) * PAGE;
  const hint = () => (random() < 0.5 ? 0 : between(0x4000, 0x7f000) * PAGE);
  while (script.length < steps) {
    const dice = random();
    if (dice < 0.1) script.push(["unmap"]);
    else if (dice < 0.2) script.push(["protect", between(0, 2)]);
    else if (dice < 0.25 && image === "nonPie") script.push(["brk", HEAP + 8 * between(0, 80) * MIB]);
    else script.push(["map", hint(), bytes(), pick(PLACES)]);
  }
  return limited ? script : [...script, ["low"], ["hints"]];
}
