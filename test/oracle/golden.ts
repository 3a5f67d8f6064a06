/**
 * Golden files: what the real glibc did, small enough to keep. Every block of 256 operations is one hash of its
 * addresses; checkpoints are kept whole.
 */
import { readFileSync } from "node:fs";
import type { TOUCH_POLICIES } from "../../src/allocator/access.js";
import { formatCall, isBelow, type SystemCall } from "./calls.js";
import { inPage, MALLINFO, type Observation, type Space } from "./observation.js";
import { MODELLED_GLIBC } from "./oracle.js";

/** Operations whose addresses share a hash. */
const BLOCK = 256;

/** The policies that golden files hold. */
export const GOLDEN_TOUCHES = [
  "none",
  "object",
] as const satisfies readonly (typeof TOUCH_POLICIES)[number][];
export type GoldenTouch = (typeof GOLDEN_TOUCHES)[number];

/** The calls that golden files hold, in their order there. */
const CALLS = ["brk", "mmap", "munmap", "mremap", "madvise"] as const;

/** One trace. What does not depend on what the program touches is there once. */
export interface GoldenTrace {
  name: string;
  operations: number;
  /** Hash of the records: the trace is the one that was recorded. */
  records: string;
  /** Operations between checkpoints. */
  interval: number;
  /** A hash a block, 8 hexadecimal digits each; of mappings without what the kernel chooses. */
  places: string;
  /** A row a checkpoint: mallinfo2's fields, then brk, mmap, munmap, mremap and madvise so far. */
  states: number[][];
  /** A row a policy: minor faults so far and resident pages, by checkpoint. */
  faults: Record<GoldenTouch, number[]>;
  resident: Record<GoldenTouch, number[]>;
  /** Hash of the usable bytes of what is held at the end. */
  usable: string;
  /** Hash of what malloc_stats and malloc_info say at the end. */
  text: string;
  /** Of a layer: how many calls it made below, and a hash of them with their arguments and results. */
  below?: [count: number, hash: string];
}

export interface GoldenFile {
  glibc: string;
  /** Of a layer: Debian's version of its library. */
  layer?: string;
  package: string | null;
  kernel: string;
  traces: GoldenTrace[];
}

/** Of every sequence of so many calls: a hash of 8 hexadecimal digits, of all that a GoldenTrace holds. */
export interface GoldenSequences extends Omit<GoldenFile, "traces"> {
  calls: number;
  hashes: string;
}

/** Where the golden files of a release are, or of a layer over 2.36. */
export function goldenFolder(version: string): URL {
  if (version === "pymalloc") return new URL("../golden/pymalloc/", import.meta.url);
  const name = version === MODELLED_GLIBC ? "glibc" : `glibc-${version}`;
  return new URL(`../golden/${name}/`, import.meta.url);
}

export function readGoldenSequences(version: string): GoldenSequences {
  return JSON.parse(readFileSync(new URL("sequences.json", goldenFolder(version)), "utf8"));
}

export function hashTrace(trace: GoldenTrace): string {
  return hashText(JSON.stringify(trace));
}

export function readGolden(name: string, version = MODELLED_GLIBC): GoldenFile {
  return JSON.parse(readFileSync(new URL(`${name}.json`, goldenFolder(version)), "utf8"));
}

/** One trace a line, so that a difference between two recordings is legible. */
export function formatGolden({ traces, ...rest }: GoldenFile): string {
  const head = JSON.stringify(rest).slice(0, -1);
  return `${head},"traces":[\n${traces.map((trace) => JSON.stringify(trace)).join(",\n")}\n]}\n`;
}

function hash(bytes: Uint8Array): string {
  let state = 0x811c9dc5; // FNV-1a
  for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193);
  return (state >>> 0).toString(16).padStart(8, "0");
}

export function hashText(text: string): string {
  return hash(new TextEncoder().encode(text));
}

export function hashNumbers(numbers: ArrayLike<number>): string {
  return hash(new Uint8Array(Float64Array.from(numbers).buffer));
}

export function hashRecords(records: Uint8Array): string {
  return hash(records);
}

export function digest(
  name: string,
  records: Uint8Array,
  interval: number,
  observed: Record<GoldenTouch, Observation>,
): GoldenTrace {
  const { places, checkpoints, usable, text = "" } = observed.none;
  const byTouch = (field: "faults" | "resident") => {
    const rows = GOLDEN_TOUCHES.map((touch) => [touch, observed[touch].checkpoints.map((one) => one[field])]);
    return Object.fromEntries(rows) as Record<GoldenTouch, number[]>;
  };
  return {
    name,
    operations: places.length,
    records: hashRecords(records),
    interval,
    places: blocksOf(places.map(inPage)).map(hashNumbers).join(""),
    states: checkpoints.map(({ mallinfo, calls = {} }) => [
      ...MALLINFO.map((field) => mallinfo[field]),
      ...CALLS.map((call) => calls[call] ?? 0),
    ]),
    faults: byTouch("faults"),
    resident: byTouch("resident"),
    usable: hashNumbers(trimmed(usable)),
    text: hash(new TextEncoder().encode(text)),
  };
}

/** What a layer called below, for its golden trace. */
export function digestBelow(calls: readonly SystemCall[], space: Space): [count: number, hash: string] {
  const texts = calls.filter(({ name }) => isBelow(name)).map((call) => formatCall(call, space, false));
  return [texts.length, hashText(texts.join("\n"))];
}

/** Places in blocks of operations that share a hash. */
export function blocksOf(places: Float64Array, size = BLOCK): Float64Array[] {
  return Array.from({ length: Math.ceil(places.length / size) }, (_, i) =>
    places.subarray(i * size, (i + 1) * size),
  );
}

/** Without the slots at the end that hold nothing. */
function trimmed(usable: number[]): number[] {
  return usable.slice(0, usable.findLastIndex((bytes) => bytes > 0) + 1);
}

/** Where a model's digest parts first from the golden one, or null. */
export function goldenDifference(golden: GoldenTrace, model: GoldenTrace): string | null {
  if (golden.records !== model.records)
    return "this is not the trace that was recorded: record again (README.md)";
  const found = [
    blockDifference(golden, model),
    ...MALLINFO.map((field, i) => columnDifference(golden, model, field, i)),
    ...CALLS.map((call, i) => columnDifference(golden, model, `calls ${call}`, MALLINFO.length + i)),
    ...GOLDEN_TOUCHES.flatMap((touch) => [
      rowDifference(golden, `faults, touch ${touch}`, golden.faults[touch], model.faults[touch]),
      rowDifference(golden, `resident pages, touch ${touch}`, golden.resident[touch], model.resident[touch]),
    ]),
  ]
    .filter((one) => one !== null)
    .sort((one, other) => one.operation - other.operation);
  if (found[0]) return found[0].text;
  if (`${golden.below}` !== `${model.below}`) {
    return `calls below differ: real ${golden.below}, model ${model.below}`;
  }
  if (golden.usable !== model.usable) return "the usable bytes of a block that is held at the end differ";
  return golden.text === model.text ? null : "what malloc_stats and malloc_info say at the end differs";
}

interface At {
  operation: number;
  text: string;
}

function blockDifference(golden: GoldenTrace, model: GoldenTrace): At | null {
  for (let at = 0; at < golden.places.length; at += 8) {
    if (golden.places.slice(at, at + 8) === model.places.slice(at, at + 8)) continue;
    const operation = (at / 8) * BLOCK;
    return { operation, text: `an address differs in operations ${operation} to ${operation + BLOCK - 1}` };
  }
  return null;
}

function columnDifference(golden: GoldenTrace, model: GoldenTrace, name: string, column: number): At | null {
  const take = ({ states }: GoldenTrace) => states.map((row) => row[column] as number);
  return rowDifference(golden, name, take(golden), take(model));
}

function rowDifference(golden: GoldenTrace, name: string, real: number[], model: number[]): At | null {
  const index = real.findIndex((value, i) => value !== model[i]);
  if (index < 0) return null;
  const operation = Math.min(golden.operations, (index + 1) * golden.interval) - 1;
  return {
    operation,
    text: `${name} after operation ${operation}: real ${real[index]}, model ${model[index]}`,
  };
}
