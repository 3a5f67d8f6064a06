/** What is observed of a trace's run, on the real allocator as on a model, and how two of them are compared. */
import { TraceRecords } from "../../src/trace/records.js";
import { formatOperation } from "../../src/trace/write.js";

/** mallinfo2's fields, in its order. */
export const MALLINFO = [
  "arena",
  "ordblks",
  "smblks",
  "hblks",
  "hblkhd",
  "usmblks",
  "fsmblks",
  "uordblks",
  "fordblks",
  "keepcost",
] as const;
export type Mallinfo = Record<(typeof MALLINFO)[number], number>;

/** The state after some operations. Counts are since the start. */
export interface Checkpoint {
  operations: number;
  mallinfo: Mallinfo;
  faults: number;
  /** Pages of all that was got from the kernel that own a frame. */
  resident: number;
  /** System calls made, by name; absent where they were not looked at. */
  calls?: Record<string, number>;
}

export interface Observation {
  space: Space;
  /** Where each operation's block is, as a number: see below. */
  places: Float64Array;
  /** Minor faults of each operation, and of what the program does with its block. Compared where both have them. */
  faults?: Float64Array;
  /** Mappings of operations before this one are compared by address, later ones by the offset in the page. */
  exactBefore?: number;
  /** In order. The last is after the last operation. */
  checkpoints: Checkpoint[];
  /** Usable bytes of what each slot holds at the end; 0 for nothing. */
  usable: number[];
  /** What malloc_stats and malloc_info say at the end, where they were asked. */
  text?: string;
  /** What ended it early. The places are those of the operations before, or somewhat fewer. */
  failure?: string;
}

// A place says the same in every address space:
//
//      0                     no block: a free, an access, realloc to 0 bytes
//      FAILED                the call returned 0 though something was asked for
//      > 0                   bytes from the heap's start
//      < FAILED              in a mapping: bytes down from where mappings start
export const FAILED = -1;
const PAGE = 4096;

export function mappedPlace(below: number): number {
  return -below - 1;
}

/** Where a process has its memory: addresses. */
export interface Space {
  heapStart: number;
  /** Mappings go down from here. */
  mapTop: number;
  /** Where mimalloc begins, if it has drawn that; it is compared as if that were where the model begins. */
  base?: number;
}

/** assembly/machine/layout.ts: LINUX_HEAP_START and LINUX_MMAP_TOP. */
export const MODEL_SPACE: Space = { heapStart: 0x555555560000, mapTop: 0x7ffff7ff0000 };

/** The heap is below this address and mappings are above, on every machine. */
const MAPPINGS_FROM = 0x600000000000;
/** Far below the program are mappings that were asked for there: mimalloc's, which begin here in the model. */
const MODEL_BASE = 2 * 2 ** 40;
const PROGRAM_FROM = 0x500000000000;

/** Whether it is mimalloc that drew where to have an address. */
export const isDrawn = (address: number): boolean => address >= MODEL_BASE && address < PROGRAM_FROM;

export function placeOf(address: number, { heapStart, mapTop, base = MODEL_BASE }: Space): number {
  if (address === 0) return 0;
  if (isDrawn(address)) return mappedPlace(MODEL_SPACE.mapTop - (address - base + MODEL_BASE));
  return address < MAPPINGS_FROM ? address - heapStart : mappedPlace(mapTop - address);
}

/** A place without what depends on the kernel's choice of addresses: of one in a mapping its offset in the page. */
export function inPage(place: number): number {
  return place < FAILED ? mappedPlace((-place - 1) % PAGE || PAGE) : place;
}

export function formatPlace(place: number | undefined): string {
  if (place === undefined) return "not reached";
  if (place === 0) return "nothing";
  if (place === FAILED) return "failed";
  if (place > 0) return `heap+0x${place.toString(16)}`;
  return `mapped, 0x${(-place - 1).toString(16)} below where mappings start`;
}

/**
 * What memory held: a digest of each operation's block before it was freed or resized, and when it was handed out; of
 * what each slot holds at the end, and of the heap. 0 for no block.
 */
export interface Digests {
  before: BigUint64Array;
  after: BigUint64Array;
  held: bigint[];
  heap: bigint;
}

/** What is compared of a run on glibc, and what is not, for people. */
export const GLIBC_COMPARED = [
  "the address of every block, in mappings too, and its usable size",
  "all fields of mallinfo2",
  "system calls, in order, with arguments and results",
  "minor faults, and pages that own a frame",
  "bytes that calloc clears, and those of them that were zero, in every call",
  "what blocks, and the heap with its headers and links, hold",
  "the words of every abort that the tests provoke",
  "the texts of malloc_stats and malloc_info",
  "of several threads (2.36): addresses, mallinfo2, system calls, faults and pages, where threads take turns",
];
export const GLIBC_NOT_COMPARED = [
  "what memory holds, and what calloc clears, where there are several threads; threads of other releases than 2.36 beyond some seeds",
  "fork with threads",
  "mallopt and tunables that are no option of the model",
  "huge pages for the heap (`glibc.malloc.hugetlb`), but for the calls of test/oracle/hugetlb.c on 2.36",
];

/** Where two observations part first. */
export interface Difference {
  /** Number from 0 of the operation it was seen at. */
  operation: number;
  /** A few lines for people. */
  text: string;
}

/** The first difference of a model's run from the real one, or null. */
export function firstDifference(
  records: Uint8Array,
  real: Observation,
  model: Observation,
): Difference | null {
  const found = [
    placesDifference(records, real, model),
    faultsDifference(records, real, model),
    ...checkpointDifferences(records, real, model),
  ]
    .filter((one) => one !== null)
    .sort((one, other) => one.operation - other.operation);
  return found[0] ?? failure(records, model) ?? usableDifference(real, model);
}

/** The errors of a replay name the operation, counted from 1. */
function failure(records: Uint8Array, { failure, places }: Observation): Difference | null {
  if (failure === undefined) return null;
  const named = /operation (\d+)/.exec(failure);
  const operation = named ? Number(named[1]) - 1 : places.length;
  return {
    operation,
    text: `operation ${operation}: ${operationText(records, operation)}\n  model  ${failure}`,
  };
}

export function operationText(records: Uint8Array, operation: number): string {
  return formatOperation(new TraceRecords(records), operation);
}

function placesDifference(records: Uint8Array, real: Observation, model: Observation): Difference | null {
  const { exactBefore = 0 } = real;
  const operation = model.places.findIndex((place, i) => {
    const other = real.places[i] as number;
    return i < exactBefore ? place !== other : inPage(place) !== inPage(other);
  });
  if (operation < 0) return null;
  const text = [
    `operation ${operation}: ${operationText(records, operation)}`,
    `  real   ${formatPlace(real.places[operation])}`,
    `  model  ${formatPlace(model.places[operation])}`,
  ];
  return { operation, text: text.join("\n") };
}

function faultsDifference(records: Uint8Array, real: Observation, model: Observation): Difference | null {
  const { faults = [] } = real;
  const operation = model.faults?.findIndex((count, i) => count !== faults[i]) ?? -1;
  if (operation < 0) return null;
  const text = [
    `operation ${operation}: ${operationText(records, operation)}`,
    `  faults             real ${faults[operation]}, model ${model.faults?.[operation]}`,
  ];
  return { operation, text: text.join("\n") };
}

function checkpointDifferences(records: Uint8Array, real: Observation, model: Observation): Difference[] {
  const reached =
    model.failure === undefined ? real.checkpoints : real.checkpoints.slice(0, model.checkpoints.length);
  return reached.flatMap((checkpoint, i) => {
    const operation = checkpoint.operations - 1;
    const lines = fieldLines(checkpoint, model.checkpoints[i]);
    if (lines.length === 0) return [];
    const what = operation < 0 ? "nothing" : operationText(records, operation);
    return [{ operation, text: [`after operation ${operation}: ${what}`, ...lines].join("\n") }];
  });
}

function fieldLines(real: Checkpoint, model: Checkpoint | undefined): string[] {
  const [realFields, modelFields] = [fieldsOf(real), model ? fieldsOf(model) : {}];
  const names = new Set([...Object.keys(realFields), ...(real.calls ? Object.keys(modelFields) : [])]);
  return [...names].flatMap((name) => {
    const isCall = name.startsWith("calls ");
    if (isCall && !(real.calls && model?.calls)) return [];
    const [one, other] = [realFields[name] ?? (isCall ? 0 : "-"), modelFields[name] ?? (isCall ? 0 : "-")];
    return one === other ? [] : [`  ${name.padEnd(18)} real ${one}, model ${other}`];
  });
}

function fieldsOf({ mallinfo, faults, resident, calls = {} }: Checkpoint): Record<string, number> {
  const named = Object.entries(calls).map(([name, count]) => [`calls ${name}`, count]);
  return { ...mallinfo, faults, "resident pages": resident, ...Object.fromEntries(named) };
}

function usableDifference(real: Observation, model: Observation): Difference | null {
  const slot = real.usable.findIndex((bytes, i) => bytes !== (model.usable[i] ?? 0));
  if (slot < 0) return null;
  const text = `at the end: usable bytes of slot ${slot}: real ${real.usable[slot]}, model ${model.usable[slot]}`;
  return { operation: real.places.length, text };
}
