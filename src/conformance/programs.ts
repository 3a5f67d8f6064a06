/** Long programs, held against a shadow of what the allocator should have done: for what no other case thought of. */
import { numbersOf } from "../base/random.js";
import { workloadChunks } from "../trace/generate.js";
import { bytesAsked, type Operation, OpKind, TraceRecords } from "../trace/records.js";
import { type Workload, workloadPresets } from "../trace/workload.js";
import type { Case } from "./case.js";
import { type Asking, Shadow } from "./shadow.js";
import { KIB, MIB } from "./sizes.js";
import type { Tester } from "./tester.js";

/** Bytes that a workload holds at once, about; its most operations; and bytes that its callocs clear, about, all of which are looked at. */
const HELD = 2 * MIB;
const OPERATIONS = 3000;
const CLEARED = 16 * MIB;

const PHASES = 100;
/** Most steps of a phase, and bytes that it asks for: an allocator may take memory for each and never give it back. */
const MOST_STEPS = 1200;
const MOST_ASKED = 6 * MIB;
/** Bytes that the program holds at once, at most, but for one block. */
const MOST_HELD = 4 * MIB;

export const programs: readonly Case[] = [
  {
    name: "workloads",
    promise:
      "the objects of whole programs lie apart and keep their contents: queues, stacks, bursts, growing buffers, sizes of every kind",
    of: "malloc",
    run(tester) {
      for (const { name, workload } of workloadPresets) {
        telling(tester, `of the workload ${name}`, () => runWorkload(tester, shortened(workload)));
      }
    },
  },
  {
    name: "random-program",
    promise:
      "whatever a program does, its blocks lie apart and keep their contents, and what calloc gives is zero",
    of: "malloc",
    run(tester) {
      telling(tester, `of the random program of seed ${tester.seed}`, () => runRandom(tester));
    },
  },
];

/** Runs a program. What it throws says at which step of what. */
function telling(tester: Tester, what: string, run: () => void): void {
  const before = tester.made;
  try {
    run();
  } catch (error) {
    if (error instanceof Error) error.message += ` (call ${tester.made - before} ${what})`;
    throw error;
  }
}

/** The workload, with no more operations and memory than a check has time for. */
function shortened(workload: Workload): Workload {
  const max = Math.min(workload.max, HELD / 4);
  const min = Math.min(workload.min, max / 64);
  const live = Math.min(workload.live, max > 64 * KIB ? 12 : 1000);
  const clearing = (workload.calloc / 100) * (max / 4);
  const ops = Math.min(workload.ops, OPERATIONS, Math.ceil(CLEARED / Math.max(1, clearing)));
  return { ...workload, min, max, live, ops, aligned: 5 };
}

function runWorkload(tester: Tester, workload: Workload): void {
  const shadow = new Shadow(tester);
  for (const { records, count } of workloadChunks(workload)) {
    const operations = new TraceRecords(records);
    for (let i = 0; i < count; i++) apply(shadow, operations.read(i));
  }
  shadow.freeAll();
}

function apply(shadow: Shadow, { kind, slot, first, second }: Operation): void {
  const bytes = bytesAsked(kind, first, second);
  if (kind === OpKind.malloc) shadow.take(slot, "malloc", bytes);
  else if (kind === OpKind.calloc) shadow.take(slot, "calloc", bytes);
  else if (kind === OpKind.aligned) shadow.take(slot, { align: first }, bytes);
  else if (kind === OpKind.realloc) shadow.resize(slot, bytes);
  else shadow.free(slot);
}

/** A program of so many phases, each with sizes and a way to free of its own, in which blocks of all earlier ones may live on. */
export function runRandom(tester: Tester, phases = PHASES): void {
  const below = numbersOf(tester.seed);
  const shadow = new Shadow(tester);
  /** What the program calls its live blocks, by age. */
  const keys: number[] = [];
  let made = 0;
  for (let phase = 0; phase < phases; phase++) {
    const [doublings, live, order] = [4 + below(15), 10 + below(1000), below(3)];
    const size = () => 1 + below(2 ** (1 + below(doublings)));
    let asked = 0;
    for (let step = 0; step < MOST_STEPS && asked < MOST_ASKED; step++) {
      const full = keys.length >= live || (keys.length > 0 && below(3) === 0);
      if (keys.length > 0 && below(6) === 0) {
        const bytes = size();
        shadow.resize(keys[below(keys.length)] as number, bytes);
        asked += bytes;
      } else if (full) {
        const at = [below(keys.length), 0, keys.length - 1][order] as number;
        shadow.free(keys.splice(at, 1)[0] as number);
      } else {
        const bytes = size();
        shadow.take(made, asking(below), bytes);
        keys.push(made++);
        asked += bytes;
      }
    }
    while (shadow.bytes > MOST_HELD) shadow.free(keys.splice(below(keys.length), 1)[0] as number);
  }
  shadow.freeAll();
  tester.free(tester.calloc(MOST_HELD));
}

/** Mostly malloc, some calloc, a few aligned blocks. */
function asking(below: (limit: number) => number): Asking {
  const kind = below(16);
  if (kind === 0) return { align: 16 << below(9) };
  return kind < 5 ? "calloc" : "malloc";
}
