/** glibc with `glibc.malloc.hugetlb=1` beside the real one: faults, the break, and what is huge, step for step. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { totalFaults } from "../../src/allocator/counters.js";
import { openSandbox } from "../../src/index.js";
import { askKernel, zeroPageHere } from "../machine/real-kernel.js";

type Step = readonly [verb: "malloc" | "realloc" | "free" | "trim" | "touch", slot: number, bytes: number];
const MIB = 2 ** 20;
const HEAP_START = 0x555555560000;
/** No heap reaches so far. */
const MAPPINGS = 0x600000000000;

const many = (verb: Step[0], bytes: number, count: number): Step[] =>
  Array.from({ length: count }, (_, i) => [verb, i + 10, bytes] as const);

const SCRIPT: Step[] = [
  ["malloc", 0, 100],
  ["malloc", 1, 100_000],
  ["touch", 1, 100_000],
  ...many("malloc", 100_000, 40),
  ...many("touch", 100_000, 40),
  ...many("free", 0, 40),
  ["trim", 0, 0],
  ["malloc", 2, 64 * MIB],
  ["touch", 2, 64 * MIB],
  ["malloc", 3, MIB],
  ["touch", 3, MIB],
  ["malloc", 4, 3 * MIB],
  ["touch", 4, 3 * MIB],
  ["realloc", 2, 80 * MIB],
  ["touch", 2, 80 * MIB],
  ["realloc", 2, 70 * MIB],
  ["free", 2, 0],
  ["free", 3, 0],
  ["free", 4, 0],
  ["malloc", 2, 5 * MIB],
  ["touch", 2, 5 * MIB],
  ["free", 2, 0],
  ["free", 1, 0],
  ["trim", 0, 0],
];

/** Faults, the break from the heap's start on, bytes of huge pages, after each step. */
async function simulated(options: object): Promise<string[]> {
  const settings = { hugePages: "madvise", version: "2.36", zeroPage: zeroPageHere(), check: true } as const;
  const sandbox = await openSandbox("glibc", { ...settings, ...options });
  const slots: number[] = [];
  const lines = SCRIPT.map(([verb, slot, bytes]) => {
    const before = totalFaults(sandbox.counters().faults);
    const at = slots[slot] ?? 0;
    if (verb === "malloc") slots[slot] = sandbox.malloc(bytes);
    else if (verb === "realloc") slots[slot] = sandbox.realloc(at, bytes);
    else if (verb === "free") sandbox.free(at);
    else if (verb === "trim") sandbox.trim(bytes);
    else for (let i = 0; i < bytes; i += 4096) sandbox.touch(at + i, 1, "write");
    const faults = totalFaults(sandbox.counters().faults) - before;
    const heap = sandbox.regions().filter(({ address }) => address >= HEAP_START && address < MAPPINGS);
    const end = Math.max(HEAP_START, ...heap.map(({ address, bytes: its }) => address + its));
    return `${faults} ${end - HEAP_START} ${sandbox.hugePages().mappedBytes}`;
  });
  sandbox.check();
  return lines;
}

function real(program: string, tunables: string): string[] {
  const input = `${SCRIPT.map((step) => step.join(" ")).join("\n")}\n`;
  const env = { ...process.env, GLIBC_TUNABLES: tunables };
  const out = execFileSync("setarch", ["-R", program], { input, encoding: "utf8", env });
  return out.trim().split("\n").slice(1);
}

function whyNot(): string | null {
  const enabled = () => readFileSync("/sys/kernel/mm/transparent_hugepage/enabled", "utf8");
  if (process.platform !== "linux" || !enabled().includes("[madvise]")) return "no huge pages on request";
  const version = execFileSync("getconf", ["GNU_LIBC_VERSION"], { encoding: "utf8" }).trim();
  return version === "glibc 2.36" ? null : `${version} is not what was measured`;
}

describe("glibc.malloc.hugetlb", () => {
  it.for([0, 1])("set to %i does what the real one does here", async (hugetlb, { skip }) => {
    const reason = whyNot();
    if (reason) return skip(reason);
    const answers = askKernel("hugetlb", (program) => real(program, `glibc.malloc.hugetlb=${hugetlb}`));
    if (typeof answers === "string") return skip(answers);
    const named = (lines: string[]) => SCRIPT.map((step, i) => `${step.join(" ")}: ${lines[i]}`);
    // The first call may also fault in a page of the library itself.
    answers[0] = answers[0]?.replace(/^2 /, "1 ") ?? "";
    expect(named(await simulated({ "glibc.malloc.hugetlb": hugetlb }))).toEqual(named(answers));
  });
});
