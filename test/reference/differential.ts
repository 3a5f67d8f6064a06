/**
 * Runs the same random operations on a machine and on the reference, and compares all that can be seen
 * of them: what each operation returned or threw, the counters, the pages and the bytes.
 *
 * An operation is a plain object, so a run can be replayed and shortened. Its addresses are given
 * relative to what an earlier operation returned where they can be: then the list still means the same
 * after operations in front of it were taken out.
 */

import { BusError, SegmentationFault } from "../../src/base/errors.js";
import { type Judge, Reduction } from "../../src/fuzz/reduce.js";
import { randomFrom } from "../random.js";
import {
  ANYWHERE,
  CAN_REUSE,
  COLD,
  COLLAPSE,
  DOFORK,
  DONTFORK,
  DONTNEED,
  EXACT,
  FIXED,
  FREE,
  FREE_REUSABLE,
  FREE_REUSE,
  HUGEPAGE,
  type HugeMachine,
  KEEPONFORK,
  type Area as KernelArea,
  LOW,
  type MachineOptions,
  NOHUGEPAGE,
  NORMAL,
  PAGEOUT,
  type PageRun,
  POPULATE_READ,
  POPULATE_WRITE,
  RANDOM,
  REMOVE,
  WIPEONFORK,
} from "./interface.js";
import { HEAP_START, ReferenceMachine, USER_END, USER_START } from "./machine.js";

const ADDRESS_LIMIT = 2 ** 47;
/** No gap of this size exists from USER_START to the highest address linux gives. */
const FITS_NOWHERE = 0x7ffff7ff0000;
const LINUX_ADVICE = [DONTNEED, FREE, NOHUGEPAGE];
const LATER_ADVICE = [COLD, PAGEOUT, POPULATE_READ, POPULATE_WRITE, DONTFORK, DOFORK, WIPEONFORK, KEEPONFORK];
const FILE_ADVICE = [REMOVE, RANDOM, NORMAL];
const HUGE_ADVICE = [
  HUGEPAGE,
  HUGEPAGE,
  HUGEPAGE,
  HUGEPAGE,
  NOHUGEPAGE,
  COLLAPSE,
  COLLAPSE,
  FREE,
  PAGEOUT,
  DONTNEED,
  COLD,
];
const ADVICE = [...LINUX_ADVICE, FREE_REUSABLE, FREE_REUSE, CAN_REUSE];
const GROUP_PAGES = 512;
/** Where hints, fixed and exact mappings meet each other: four groups that nothing else is placed in. */
const WINDOW_START = 0x200000000000;
const WINDOW_PAGES = 4 * GROUP_PAGES;
const MOST_PAGES = 9000;
const MOST_AREAS = 14;
const MOST_PROCESSES = 4;
const CHECK_EVERY = 100;
const COMPARE_ALL_EVERY = 64;
const NEAR_PAGES = 2;

// ---- Operations -------------------------------------------------------------

/** An address, or one relative to what operation `of` returned. */
export type Place = number | { of: number; plus: number };

function shift(place: Place, by: number): Place {
  return typeof place === "number" ? place + by : { of: place.of, plus: place.plus + by };
}

export type Width = 1 | 2 | 4 | 8;

export type Call<A> =
  | { call: "mmap"; hint: A; bytes: number; mode: number; align: number }
  | { call: "munmap"; address: A; bytes: number }
  | { call: "mremap"; address: A; oldBytes: number; newBytes: number; mayMove: boolean }
  | { call: "brk"; address: A }
  | { call: "madvise"; address: A; bytes: number; advice: number }
  | { call: "protect"; address: A; bytes: number; protection: number }
  | { call: "vmCopy"; source: A; destination: A; bytes: number }
  | { call: "load"; address: A; width: Width }
  | { call: "store"; address: A; width: Width; value: bigint }
  | { call: "fill"; address: A; byte: number; bytes: number }
  | { call: "copy"; destination: A; source: A; bytes: number }
  | { call: "touch"; address: A; bytes: number; write: boolean }
  | { call: "clear"; address: A; bytes: number }
  | { call: "clearDirty"; address: A; bytes: number }
  | { call: "createFile"; isMemory: boolean; bytes: number; isUnknown: boolean }
  | { call: "removeFile"; file: number }
  | { call: "setReadahead"; pages: number }
  | {
      call: "mapFile";
      file: number;
      hint: A;
      bytes: number;
      mode: number;
      offset: number;
      isShared: boolean;
    }
  | { call: "readFile"; file: number; offset: number; address: A; bytes: number }
  | { call: "writeFile"; file: number; offset: number; address: A; bytes: number }
  | { call: "send"; address: A; bytes: number }
  | { call: "sendFile"; file: number; offset: number; bytes: number }
  | { call: "forgetFile"; file: number; offset: number; bytes: number }
  | { call: "syncFile"; file: number }
  | { call: "dropCaches" }
  | { call: "press" }
  | { call: "fork"; number: number }
  | { call: "exit" }
  | { call: "switchTo"; number: number };

export type Operation = Call<Place> & {
  /** Its number in the run that made it; `Place.of` means these. */
  id: number;
};

type Outcome =
  | { kind: "value"; value: number | bigint | undefined }
  | { kind: "fault"; name: string; address: number; access: string }
  | { kind: "error"; message: string };

const ADDRESS_KEYS = ["hint", "address", "source", "destination"] as const;

function hex(value: number): string {
  return value < 0 ? String(value) : `0x${value.toString(16)}`;
}

/** As one would write it: `mmap(hint=0x0, bytes=4096, mode=0, align=0)`. */
export function formatCall(operation: Call<Place>): string {
  const parts = Object.entries(operation)
    .filter(([key]) => key !== "call" && key !== "id")
    .map(([key, value]) => {
      if (typeof value === "object") return `${key}=#${value.of}${value.plus < 0 ? "" : "+"}${value.plus}`;
      const isAddress = (ADDRESS_KEYS as readonly string[]).includes(key);
      return `${key}=${isAddress && typeof value === "number" ? hex(value) : value}`;
    });
  return `${operation.call}(${parts.join(", ")})`;
}

function formatOutcome(outcome: Outcome): string {
  if (outcome.kind === "fault") return `${outcome.name}(${hex(outcome.address)}, ${outcome.access})`;
  if (outcome.kind === "error") return `error "${outcome.message}"`;
  return typeof outcome.value === "number" ? hex(outcome.value) : String(outcome.value);
}

function invoke(machine: HugeMachine, call: Call<number>): number | bigint | undefined {
  switch (call.call) {
    case "mmap":
      return machine.mmap(call.hint, call.bytes, call.mode, call.align);
    case "munmap":
      return machine.munmap(call.address, call.bytes);
    case "mremap":
      return machine.mremap(call.address, call.oldBytes, call.newBytes, call.mayMove);
    case "brk":
      return machine.brk(call.address);
    case "madvise":
      return machine.madvise(call.address, call.bytes, call.advice);
    case "protect":
      return machine.protect(call.address, call.bytes, call.protection);
    case "vmCopy":
      return machine.vmCopy(call.source, call.destination, call.bytes);
    case "load":
      return machine.load(call.address, call.width);
    case "store":
      machine.store(call.address, call.width, call.value);
      return undefined;
    case "fill":
      machine.fill(call.address, call.byte, call.bytes);
      return undefined;
    case "copy":
      machine.copy(call.destination, call.source, call.bytes);
      return undefined;
    case "touch":
      machine.touch(call.address, call.bytes, call.write);
      return undefined;
    case "clear":
      machine.clear(call.address, call.bytes);
      return undefined;
    case "clearDirty":
      machine.clearDirty(call.address, call.bytes);
      return undefined;
    case "createFile":
      return machine.createFile(call.isMemory, call.bytes, call.isUnknown);
    case "removeFile":
      return machine.removeFile(call.file);
    case "setReadahead":
      machine.setReadahead(call.pages);
      return undefined;
    case "mapFile":
      return machine.mapFile(call.file, call.hint, call.bytes, call.mode, call.offset, call.isShared);
    case "readFile":
      return machine.readFile(call.file, call.offset, call.address, call.bytes);
    case "writeFile":
      return machine.writeFile(call.file, call.offset, call.address, call.bytes);
    case "send":
      return machine.send(call.address, call.bytes);
    case "sendFile":
      return machine.sendFile(call.file, call.offset, call.bytes);
    case "forgetFile":
      return machine.forgetFile(call.file, call.offset, call.bytes);
    case "syncFile":
      return machine.syncFile(call.file);
    case "dropCaches":
      machine.dropCaches();
      return undefined;
    case "press":
      machine.press();
      return undefined;
    case "fork":
      return machine.fork(call.number);
    case "exit":
      return machine.exit();
    case "switchTo":
      machine.switchTo(call.number);
      return undefined;
  }
}

function perform(machine: HugeMachine, call: Call<number>): Outcome {
  try {
    return { kind: "value", value: invoke(machine, call) };
  } catch (error) {
    if (error instanceof SegmentationFault || error instanceof BusError) {
      return { kind: "fault", name: error.name, address: error.address, access: error.access };
    }
    return { kind: "error", message: String(error) };
  }
}

function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a.kind === "value") return b.kind === "value" && Object.is(a.value, b.value);
  if (a.kind === "fault")
    return b.kind === "fault" && a.name === b.name && a.address === b.address && a.access === b.access;
  return b.kind === "error" && a.message === b.message;
}

// ---- Comparing ----------------------------------------------------------------

/** The two machines differ, or the subject's own check failed. */
export class DifferentialError extends Error {
  override name = "DifferentialError";
  constructor(
    message: string,
    readonly seed: number,
    /** What was done up to and with the failure. */
    readonly operations: readonly Operation[],
  ) {
    super(message);
  }
}

/** What differs, in words. Turned into a DifferentialError by whoever knows the run. */
class Difference extends Error {}

type Tree = { readonly [key: string]: number | string | boolean | Tree };

function compareTrees(expected: Tree, actual: Tree, path: string): void {
  for (const key in expected) {
    const a = expected[key];
    const b = actual[key];
    if (a === b) continue;
    if (typeof a === "object" && typeof b === "object") compareTrees(a, b, `${path}.${key}`);
    else throw new Difference(`${path}.${key}: reference ${a}, subject ${b}`);
  }
}

function formatRun(run: PageRun | undefined): string {
  if (run === undefined) return "nothing";
  const flags = (["read", "written", "lazy", "cleared", "unknown"] as const).filter((flag) => run[flag]);
  return `${hex(run.address)} ${run.pages} pages ${[run.state, ...flags].join(" ")}`;
}

function formatAreas(areas: readonly KernelArea[]): string {
  return areas.map(({ address, bytes }) => `${hex(address)}+${bytes}`).join(" ");
}

function sameRun(a: PageRun, b: PageRun | undefined): boolean {
  return (
    b !== undefined &&
    a.address === b.address &&
    a.pages === b.pages &&
    a.state === b.state &&
    a.read === b.read &&
    a.written === b.written &&
    a.lazy === b.lazy &&
    a.cleared === b.cleared &&
    a.unknown === b.unknown
  );
}

/** A mapped range, and how an operation names it. */
interface Area {
  place: Place;
  address: number;
  bytes: number;
}

interface Range {
  address: number;
  bytes: number;
}

/** Where a call works: the range, or both ranges, it names. */
function rangesOf(call: Call<number>): Range[] {
  switch (call.call) {
    case "mmap":
      return [{ address: call.hint, bytes: call.bytes }];
    case "mremap":
      return [{ address: call.address, bytes: Math.max(call.oldBytes, call.newBytes) }];
    case "mapFile":
      return [{ address: call.hint, bytes: call.bytes }];
    case "brk":
    case "fork":
    case "exit":
    case "switchTo":
    case "createFile":
    case "removeFile":
    case "setReadahead":
    case "sendFile":
    case "forgetFile":
    case "syncFile":
    case "dropCaches":
    case "press":
      return [];
    case "vmCopy":
    case "copy":
      return [
        { address: call.source, bytes: call.bytes },
        { address: call.destination, bytes: call.bytes },
      ];
    case "load":
    case "store":
      return [{ address: call.address, bytes: call.width }];
    default:
      return [{ address: call.address, bytes: call.bytes }];
  }
}

/** A call that maps something, and returns where. */
type Mapping = Extract<Call<number>, { call: "mmap" | "mremap" | "mapFile" }>;

function isMapping(call: Call<number>): call is Mapping {
  return call.call === "mmap" || call.call === "mremap" || call.call === "mapFile";
}

const mappedBytes = (call: Mapping) => (call.call === "mremap" ? call.newBytes : call.bytes);

function overlap(a: Range, b: Range): boolean {
  return a.bytes > 0 && b.bytes > 0 && a.address < b.address + b.bytes && b.address < a.address + a.bytes;
}

/** What a session knows of one process. */
interface Process {
  /** What operations mapped and is still there. */
  areas: Area[];
  /** The last ones that went, at least in part. */
  gone: Area[];
  heapBreak: number;
}

/** The two machines side by side. */
class Session {
  readonly reference: ReferenceMachine;
  readonly processes = new Map<number, Process>([[1, { areas: [], gone: [], heapBreak: HEAP_START }]]);
  /** The files that have a name. */
  readonly files = new Set<number>();
  private readonly results = new Map<number, number>();

  constructor(
    readonly subject: HugeMachine,
    readonly options: MachineOptions,
    /** Compares the pages around every operation, not only where that is cheap. */
    private readonly thorough: boolean,
  ) {
    this.reference = new ReferenceMachine(options);
  }

  get pageBytes(): number {
    return this.options.pageBytes;
  }

  private get running(): Process {
    return this.processes.get(this.reference.process) as Process;
  }

  get areas(): Area[] {
    return this.running.areas;
  }

  get gone(): Area[] {
    return this.running.gone;
  }

  get heapBreak(): number {
    return this.running.heapBreak;
  }

  heap(): Range {
    const end = Math.ceil(this.heapBreak / this.pageBytes) * this.pageBytes;
    return { address: HEAP_START, bytes: end - HEAP_START };
  }

  /** With plain addresses; null when it names an operation that is not there or failed. */
  resolve(operation: Operation): Call<number> | null {
    const call: Record<string, unknown> = { ...operation };
    delete call.id;
    for (const key of ADDRESS_KEYS) {
      const place = call[key];
      if (typeof place !== "object" || place === null) continue;
      const { of, plus } = place as { of: number; plus: number };
      const base = this.results.get(of);
      if (base === undefined) return null;
      call[key] = base + plus;
    }
    return call as Call<number>;
  }

  /** Does the call on both and compares. */
  step(operation: Operation, call: Call<number>): void {
    const { process } = this.reference;
    const expected = perform(this.reference, call);
    const actual = perform(this.subject, call);
    if (!sameOutcome(expected, actual)) {
      throw new Difference(
        `returned: reference ${formatOutcome(expected)}, subject ${formatOutcome(actual)}`,
      );
    }
    const counted = this.reference.counters() as unknown as Tree;
    compareTrees(counted, this.subject.counters() as unknown as Tree, "counters");
    const ranges = rangesOf(call);
    if (isMapping(call) && expected.kind === "value") {
      // Also where it was placed, or moved to.
      ranges.push({ address: Number(expected.value), bytes: mappedBytes(call) });
    }
    for (const range of ranges) {
      const cheap = range.bytes <= 8 * this.pageBytes || operation.id % 16 === 0;
      if (this.thorough || cheap || call.call === "mremap") this.comparePages(range);
    }
    if (expected.kind === "value" && typeof expected.value === "number") {
      this.observe(operation.id, call, expected.value);
      if (call.call === "exit" && expected.value !== 0) this.processes.delete(process);
    }
  }

  private observe(id: number, call: Call<number>, value: number): void {
    if (call.call === "brk" && value !== 0) this.running.heapBreak = value;
    if (call.call === "fork" && value === 0) this.processes.set(call.number, { ...this.running });
    if (call.call === "createFile" && value !== 0) this.files.add(value);
    if (call.call === "removeFile" && value === 0) this.files.delete(call.file);
    if (isMapping(call)) {
      if (value === 0) return;
      this.results.set(id, value);
      this.areas.push({ place: { of: id, plus: 0 }, address: value, bytes: this.roundUp(mappedBytes(call)) });
    }
    if (call.call === "munmap" || isMapping(call)) this.prune(rangesOf(call));
  }

  /** Cuts the areas that meet the ranges down to what is still mapped; one with holes becomes several. */
  private prune(ranges: Range[]): void {
    const { running } = this;
    running.areas = this.areas.flatMap((area) => {
      if (!ranges.some((range) => overlap(range, area))) return [area];
      const mapped = this.mappedParts(area);
      if (mapped.length === 1 && mapped[0]?.bytes === area.bytes) return [area];
      running.gone = [area, ...this.gone].slice(0, 4);
      return mapped;
    });
  }

  private mappedParts({ place, address, bytes }: Area): Area[] {
    const parts: Area[] = [];
    for (const run of this.reference.mappedRuns(address, bytes)) {
      parts.push({ place: shift(place, run.address - address), address: run.address, bytes: run.bytes });
    }
    return parts;
  }

  roundUp(bytes: number): number {
    return Math.ceil(bytes / this.pageBytes) * this.pageBytes;
  }

  comparePages({ address, bytes }: Range): void {
    // Whole pages, and no more of a monstrous (failing) range than can be walked.
    const margin = NEAR_PAGES * this.pageBytes;
    const from = Math.max(0, Math.floor(address / this.pageBytes) * this.pageBytes - margin);
    const most = 2 * MOST_PAGES * this.pageBytes;
    const to = Math.min(ADDRESS_LIMIT, this.roundUp(address + Math.min(bytes, most)) + margin);
    if (to <= from) return;
    const expected = this.reference.pages(from, to - from);
    const actual = this.subject.pages(from, to - from);
    for (const [i, run] of expected.entries()) {
      if (!sameRun(run, actual[i])) {
        throw new Difference(`pages: reference ${formatRun(run)}, subject ${formatRun(actual[i])}`);
      }
    }
    if (actual.length > expected.length) {
      throw new Difference(`pages: reference ends, subject ${formatRun(actual[expected.length])}`);
    }
    this.compareAreas(from, to - from);
  }

  private compareAreas(address: number, bytes: number): void {
    const expected = formatAreas(this.reference.areas(address, bytes));
    const actual = formatAreas(this.subject.areas(address, bytes));
    if (expected !== actual) throw new Difference(`areas: reference ${expected}, subject ${actual}`);
  }

  compareAll(): void {
    for (const area of [...this.areas, ...this.gone, this.heap()]) this.comparePages(area);
    const expected = this.reference.areaCount();
    const actual = this.subject.areaCount();
    if (expected !== actual) throw new Difference(`area count: reference ${expected}, subject ${actual}`);
    const [its, subjects] = [this.reference.holders(), this.subject.holders()].map((held) => held.join(" "));
    if (its !== subjects) throw new Difference(`holders: reference ${its}, subject ${subjects}`);
    const huge = (machine: HugeMachine) => `${machine.hugeGroups()} huge, ${machine.heldPages()} held`;
    const [has, subjectHas] = [huge(this.reference), huge(this.subject)];
    if (has !== subjectHas) throw new Difference(`reference ${has}, subject ${subjectHas}`);
    this.compareFiles();
  }

  private compareFiles(): void {
    const [shown, showing] = [this.reference.filePages(), this.subject.filePages()].map((pages) =>
      pages.join(" "),
    );
    if (shown !== showing) throw new Difference(`pages of files: reference ${shown}, subject ${showing}`);
    for (const file of this.files) {
      const length = this.reference.fileLength(file);
      if (length !== this.subject.fileLength(file)) throw new Difference(`length of file ${file}: ${length}`);
      for (let at = 0; at < length; at += this.pageBytes) {
        const isCached = this.reference.isCached(file, at);
        if (isCached === this.subject.isCached(file, at)) continue;
        throw new Difference(`file ${file} at ${at}: reference ${isCached ? "has" : "has not"} it cached`);
      }
    }
  }

  checkSubject(): void {
    try {
      this.subject.check();
    } catch (error) {
      throw new Difference(`check of the subject: ${error}`);
    }
  }

  /** The end of a run: every page of every process, a sample of the bytes of those with content, both checks. */
  finish(): void {
    for (const number of this.processes.keys()) {
      this.reference.switchTo(number);
      this.subject.switchTo(number);
      this.finishProcess();
    }
    this.checkSubject();
    this.reference.check();
  }

  private finishProcess(): void {
    this.compareAll();
    const step = Math.max(8, this.pageBytes / 64) + 1;
    for (const area of [...this.areas, this.heap()]) {
      for (const run of this.reference.pages(area.address, area.bytes)) {
        if (run.state !== "written" && run.state !== "shared" && run.state !== "file") continue;
        const end = run.address + Math.min(run.pages, 64) * this.pageBytes;
        for (let at = run.address; at + 8 <= end; at += step) this.compareWord(at);
        this.compareWord(end - 8);
      }
    }
    this.compareAll();
    const counted = this.reference.counters() as unknown as Tree;
    compareTrees(counted, this.subject.counters() as unknown as Tree, "counters after reading all");
  }

  private compareWord(address: number): void {
    const call: Call<number> = { call: "load", address, width: 8 };
    const expected = perform(this.reference, call);
    const actual = perform(this.subject, call);
    if (sameOutcome(expected, actual)) return;
    const both = `reference ${formatOutcome(expected)}, subject ${formatOutcome(actual)}`;
    throw new Difference(`at the end, ${formatCall(call)}: ${both}`);
  }

  // ---- What is left out -------------------------------------------------------

  /**
   * False for calls the description leaves open, or that only cost time here: overlapping copies, a hole
   * in the heap, an alignment that a fixed address does not have, out of memory and reclaim in the middle
   * of a range, more pages than the reference can hold.
   */
  allowed(call: Call<number>): boolean {
    const access = isAccess(call);
    for (const { address, bytes } of rangesOf(call)) {
      if (address < 0 || address > ADDRESS_LIMIT) return false;
      if (access && address + bytes > ADDRESS_LIMIT) return false;
    }
    switch (call.call) {
      case "mmap":
        if (call.mode !== FIXED && call.mode !== EXACT) return this.roomFor(call.bytes);
        if (call.align > this.pageBytes && call.hint % call.align !== 0) return false;
        if (call.mode === FIXED && this.meetsHeap(call.hint, call.bytes)) return false;
        return this.roomFor(call.bytes);
      case "munmap":
        return !this.meetsHeap(call.address, call.bytes);
      case "mremap":
        return !this.meetsHeap(call.address, call.oldBytes) && this.roomFor(call.newBytes);
      case "brk":
        return call.address > USER_END || this.roomFor(call.address - this.heapBreak);
      case "vmCopy":
        return call.bytes > 0;
      case "clearDirty":
        return call.bytes > 0 && this.isMapped(call) && this.framesAreSure(call);
      case "copy": {
        const [source, destination] = rangesOf(call);
        if (source !== undefined && destination !== undefined && overlap(source, destination)) return false;
        return this.framesAreSure(call);
      }
      case "createFile":
      case "setReadahead":
      case "dropCaches":
      case "press":
        return true;
      case "removeFile":
      case "syncFile":
      case "forgetFile":
      case "sendFile":
        return true;
      case "mapFile":
        if (call.mode === FIXED && this.meetsHeap(call.hint, call.bytes)) return false;
        return this.roomFor(call.bytes);
      case "readFile":
      case "writeFile":
      case "send":
        return this.framesAreSure(call);
      case "madvise":
        return call.advice !== POPULATE_READ && call.advice !== POPULATE_WRITE
          ? true
          : this.framesAreSure(call);
      case "protect":
        return true;
      case "fork":
        return this.roomForChild() || this.processes.has(call.number);
      case "exit":
        return true;
      case "switchTo":
        return this.processes.has(call.number);
      default:
        return this.framesAreSure(call);
    }
  }

  private roomFor(bytes: number): boolean {
    if (bytes >= FITS_NOWHERE) return true;
    return bytes + this.reference.counters().bytes.virtual <= 2 * MOST_PAGES * this.pageBytes;
  }

  private roomForChild(): boolean {
    const bytes = this.reference.counters().bytes.virtual * (1 + 1 / this.processes.size);
    return this.processes.size < MOST_PROCESSES && bytes <= 2 * MOST_PAGES * this.pageBytes;
  }

  private meetsHeap(address: number, bytes: number): boolean {
    return overlap({ address, bytes: this.roundUp(bytes) }, this.heap());
  }

  private isMapped({ address, bytes }: Range): boolean {
    return this.reference.pages(address, bytes).every((run) => run.state !== "unmapped");
  }

  /** True when the access takes no more frames than there are, or reclaims for a single page. */
  private framesAreSure(call: Call<number>): boolean {
    const { memoryBytes, kernel, zeroPage } = this.options;
    if (memoryBytes === 0) return true;
    const { resident } = this.reference.counters().bytes;
    const ranges = rangesOf(call);
    let most = 0;
    for (const range of ranges) most += range.bytes / this.pageBytes + 2;
    if (resident + most * this.pageBytes <= memoryBytes) return true;
    let frames = 0;
    let pages = 0;
    for (const { address, bytes } of ranges) {
      for (const run of bytes > 0 ? this.reference.pages(address, bytes) : []) {
        pages += run.pages;
        // An access faults before it takes any; what populates takes those before the gap.
        if (run.state === "unmapped" && call.call !== "madvise") return true;
        const needs = ["reserved", "zeroPage", "shared", "file"].includes(run.state);
        if (needs) frames += run.pages;
      }
    }
    if (resident + frames * this.pageBytes <= memoryBytes) return true;
    const isRead = call.call === "load" || (call.call === "touch" && !call.write);
    if (isRead && kernel === "linux" && zeroPage === "shared") return true;
    return pages === 1 && this.reference.lazyPages() > 0;
  }
}

function isAccess(call: Call<number>): boolean {
  const others = [
    "mmap",
    "munmap",
    "mremap",
    "brk",
    "madvise",
    "protect",
    "vmCopy",
    "fork",
    "exit",
    "switchTo",
    "mapFile",
    "readFile",
    "writeFile",
    "send",
  ];
  return !others.includes(call.call);
}

// ---- Making operations ----------------------------------------------------------

type Name = Operation["call"];

const FILE_WEIGHTS: readonly [Name, number][] = [
  ["createFile", 3],
  ["removeFile", 0.8],
  ["setReadahead", 0.3],
  ["mapFile", 6],
  ["readFile", 7],
  ["writeFile", 6],
  ["send", 3],
  ["sendFile", 3],
  ["forgetFile", 3],
  ["syncFile", 2],
  ["dropCaches", 1],
];
const MOST_FILES = 5;
const MOST_FILE_PAGES = 400;

class Generator {
  private readonly random: () => number;
  private readonly weights: [Name, number][];
  /** Where bytes were written lately: reading elsewhere mostly finds zeroes. */
  private readonly recent: { place: Place; bytes: number }[] = [];

  constructor(
    private readonly session: Session,
    seed: number,
    withFiles: boolean,
  ) {
    this.random = randomFrom(seed);
    const linux = session.options.kernel === "linux";
    this.weights = [
      ["mmap", 5],
      ["munmap", 2.5],
      ["mremap", linux ? 5 : 0.5],
      ["brk", 3],
      ["madvise", session.options.hugePages ? 25 : 9],
      ["vmCopy", linux ? 0.5 : 6],
      ["load", 16],
      ["store", 15],
      ["fill", 8],
      ["copy", 9],
      ["touch", 11],
      ["clear", 11],
      ["clearDirty", 5],
      ["protect", linux ? 2 : 0.1],
      ["fork", linux ? 1.2 : 0.1],
      ["exit", 0.4],
      ["switchTo", 4],
      ...(withFiles ? FILE_WEIGHTS : []),
      ...(session.options.hugePages ? [["press", 0.5] as [Name, number]] : []),
    ];
  }

  next(id: number): { operation: Operation; call: Call<number> } {
    for (;;) {
      const operation = { ...this.make(), id } as Operation;
      const call = this.session.resolve(operation);
      if (call !== null && this.session.allowed(call)) return { operation, call };
    }
  }

  private make(): Call<Place> {
    const { areas, reference, options } = this.session;
    const pages = reference.counters().bytes.virtual / options.pageBytes;
    if (areas.length === 0) return this.mmap();
    if ((areas.length > MOST_AREAS || pages > MOST_PAGES) && this.chance(0.4)) {
      const area = this.pick(areas);
      return { call: "munmap", address: area.place, bytes: area.bytes };
    }
    if (options.memoryBytes !== 0 && this.chance(0.15)) return this.pressure();
    return this.makeNamed(this.name());
  }

  /** What brings a machine with little memory to its limit, where one page more reclaims the lazy ones. */
  private pressure(): Call<Place> {
    const { memoryBytes } = this.session.options;
    const left = memoryBytes - this.session.reference.counters().bytes.resident;
    const { address, bytes } = this.pageRange();
    if (left >= bytes) return { call: "touch", address, bytes, write: true };
    if (this.chance(0.2)) return { call: "madvise", address, bytes, advice: FREE };
    if (this.chance(0.3)) return { call: "clear", address, bytes: this.between(1, this.pageBytes) };
    return { call: "touch", address, bytes: Math.max(left, this.pageBytes), write: this.chance(0.8) };
  }

  private name(): Name {
    const total = this.weights.reduce((sum, [, weight]) => sum + weight, 0);
    let rest = this.random() * total;
    for (const [name, weight] of this.weights) {
      rest -= weight;
      if (rest < 0) return name;
    }
    return "load";
  }

  private makeNamed(name: Name): Call<Place> {
    switch (name) {
      case "mmap":
        return this.mmap();
      case "munmap":
        return { call: "munmap", ...this.unmapRange() };
      case "mremap":
        return this.mremap();
      case "brk":
        return this.brk();
      case "madvise":
        return this.session.options.hugePages && this.chance(0.3)
          ? this.hugeAdvice()
          : { call: "madvise", ...this.pageRange(), advice: this.advice() };
      case "protect":
        return {
          call: "protect",
          ...this.pageRange(),
          protection: this.chance(0.6) ? 2 : this.between(0, 1),
        };
      case "vmCopy":
        return this.vmCopy();
      case "load":
        return { call: "load", address: this.wordPlace(), width: this.width() };
      case "store": {
        const width = this.width();
        return {
          call: "store",
          address: this.remember(this.wordPlace(), width),
          width,
          value: this.word(width),
        };
      }
      case "fill":
        return this.fill();
      case "copy":
        return this.copy();
      case "touch":
        return { call: "touch", ...this.span(), write: this.chance(0.5) };
      case "clear":
        return { call: "clear", ...this.span() };
      case "clearDirty":
        return { call: "clearDirty", ...this.span() };
      case "createFile":
        return this.createFile();
      case "removeFile":
        return { call: "removeFile", file: this.file() };
      case "setReadahead":
        return { call: "setReadahead", pages: this.pick([0, 4, 32, 32, 64, 512]) };
      case "mapFile":
        return this.mapFile();
      case "readFile":
      case "writeFile": {
        const { address, bytes } = this.span(60 * this.pageBytes);
        return { call: name, file: this.file(), offset: this.fileOffset(), address, bytes };
      }
      case "send":
        return { call: "send", ...this.span() };
      case "sendFile":
        return { call: "sendFile", file: this.file(), offset: this.fileOffset(), bytes: this.fileBytes() };
      case "forgetFile":
        return {
          ...{ call: "forgetFile", file: this.file() },
          offset: this.chance(0.5) ? 0 : this.fileOffset(),
          bytes: this.chance(0.5) ? 0 : this.fileBytes(),
        };
      case "syncFile":
        return { call: "syncFile", file: this.file() };
      case "dropCaches":
        return { call: "dropCaches" };
      case "press":
        return { call: "press" };
      case "fork":
        return { call: "fork", number: this.chance(0.9) ? this.between(1, 6) : this.pick([0, 1024, 1025]) };
      case "exit":
        return { call: "exit" };
      case "switchTo":
        return { call: "switchTo", number: this.pick([...this.session.processes.keys()]) };
    }
  }

  // Chance.

  private chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** An integer from `low` to `high`, both included. */
  private between(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  private pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.random() * values.length)] as T;
  }

  /** Advice for an area, for its huge pages, or for any part of it. */
  private hugeAdvice(): Call<Place> {
    const advice = this.pick(HUGE_ADVICE);
    const { place, bytes } = this.area();
    if (this.chance(0.3)) return { call: "madvise", ...this.pageRange(), advice };
    return { call: "madvise", address: place, bytes, advice };
  }

  // Places.

  private get pageBytes(): number {
    return this.session.options.pageBytes;
  }

  private area(): Area {
    const { areas, gone } = this.session;
    const heap = this.session.heap();
    if (heap.bytes > 0 && this.chance(0.12)) return { place: HEAP_START, ...heap };
    if (gone.length > 0 && this.chance(0.01)) return this.pick(gone);
    return areas.length === 0 ? { place: HEAP_START, ...heap, bytes: this.pageBytes } : this.pick(areas);
  }

  private smallPages(): number {
    return this.chance(0.5) ? 1 : this.between(1, 4);
  }

  /** Pages of a mapping: mostly few, sometimes several groups. */
  private mappingPages(): number {
    if (this.session.options.hugePages && this.chance(0.4)) return this.between(GROUP_PAGES, 3 * GROUP_PAGES);
    const dice = this.random();
    if (dice < 0.55) return this.between(1, 16);
    if (dice < 0.87) return this.between(16, 100);
    if (dice < 0.95) return this.between(100, 700);
    return this.pick([
      GROUP_PAGES,
      2 * GROUP_PAGES,
      3 * GROUP_PAGES,
      this.between(700, 2600),
      this.between(700, 2600),
    ]);
  }

  /** An offset into an area: its start, a page, near a page or group border, anywhere, rarely outside. */
  private offset(area: Area): number {
    const { pageBytes } = this;
    const pages = Math.max(1, area.bytes / pageBytes);
    const dice = this.random();
    if (dice < 0.1) return 0;
    if (dice < 0.3) return this.between(0, Math.min(pages, 12) - 1) * pageBytes;
    if (dice < 0.5) return this.between(0, pages - 1) * pageBytes;
    if (dice < 0.7) return Math.max(0, this.between(0, pages - 1) * pageBytes + this.between(-9, 9));
    if (dice < 0.78) return Math.max(0, this.groupBorder(area) + this.between(-2, 1) * pageBytes);
    if (dice < 0.985) return this.between(0, Math.max(0, area.bytes - 1));
    return this.pick([
      -1,
      -pageBytes,
      area.bytes,
      area.bytes - 1,
      area.bytes + pageBytes,
      -this.between(1, 9),
    ]);
  }

  private groupBorder({ address, bytes }: Area): number {
    const group = GROUP_PAGES * this.pageBytes;
    const first = Math.ceil(address / group) * group - address;
    if (first >= bytes) return 0;
    return first + this.between(0, Math.floor((bytes - first - 1) / group)) * group;
  }

  private length(room: number): number {
    const { pageBytes } = this;
    const dice = this.random();
    if (dice < 0.25) return this.between(1, 64);
    if (dice < 0.4) return this.between(1, pageBytes);
    if (dice < 0.6) return pageBytes * this.smallPages();
    if (dice < 0.9) return this.between(1, 6 * pageBytes);
    if (dice < 0.905) return 0;
    if (dice < 0.94) return this.between(1, 40) * pageBytes;
    return Math.max(1, room - (this.chance(0.5) ? 0 : this.between(0, 2 * pageBytes)));
  }

  /** Bytes to access, of any shape; most within one area. */
  private span(most = Number.POSITIVE_INFINITY): { address: Place; bytes: number } {
    const area = this.area();
    if (area.bytes > GROUP_PAGES * this.pageBytes && this.chance(0.25)) return this.groupSpan(area, most);
    const offset = this.offset(area);
    const room = area.bytes - offset;
    let bytes = Math.min(most, this.length(room));
    if (room > 0 && !this.chance(0.02)) bytes = Math.min(bytes, room);
    if (this.chance(0.003)) return { address: this.pick([0, 1, USER_START, USER_END, USER_END - 3]), bytes };
    return { address: shift(area.place, offset), bytes };
  }

  /** Whole groups of a large area, or nearly: where a machine that treats groups as one may err. */
  private groupSpan(area: Area, most: number): { address: Place; bytes: number } {
    const { pageBytes } = this;
    const groups = this.between(1, 2) * GROUP_PAGES;
    const offset = Math.max(0, this.groupBorder(area) + this.pick([0, 0, 0, -1, 1, -pageBytes, pageBytes]));
    const bytes = (groups + this.pick([0, 0, 0, -1, 1])) * pageBytes + this.pick([0, 0, 0, -1, 1]);
    return { address: shift(area.place, offset), bytes: Math.min(most, bytes, area.bytes - offset) };
  }

  private wordPlace(): Place {
    if (this.recent.length > 0 && this.chance(0.5)) {
      const { place, bytes } = this.pick(this.recent);
      const near = this.pick([0, 0, bytes, bytes - 1, bytes - 4, this.between(0, bytes)]);
      return shift(place, near - this.pick([0, 0, 0, 1, 3, 4, 7]));
    }
    const { address } = this.span();
    return address;
  }

  private remember(place: Place, bytes: number): Place {
    this.recent.push({ place, bytes });
    if (this.recent.length > 16) this.recent.shift();
    return place;
  }

  /** Whole pages of an area, as system calls take them, and now and then a range they refuse. */
  private pageRange(): { address: Place; bytes: number } {
    const { pageBytes } = this;
    const area = this.area();
    const pages = Math.max(1, area.bytes / pageBytes);
    let first = this.between(0, pages - 1);
    let count = this.between(1, Math.min(pages - first, this.chance(0.7) ? 4 : 40));
    if (this.chance(0.1)) {
      first = 0;
      count = pages;
    } else if (pages > GROUP_PAGES && this.chance(0.3)) {
      first = this.groupBorder(area) / pageBytes;
      count = Math.min(pages - first, this.pick([1, GROUP_PAGES, GROUP_PAGES + 1, 2 * GROUP_PAGES]));
    }
    let from = first * pageBytes;
    let bytes = count * pageBytes;
    const dice = this.random();
    if (dice < 0.1) bytes -= this.between(0, pageBytes - 1);
    else if (dice < 0.12) from += this.pick([1, 8, pageBytes / 2]);
    else if (dice < 0.13) bytes = 0;
    else if (dice < 0.14) from -= pageBytes;
    else if (dice < 0.15) bytes = area.bytes - from + pageBytes;
    return { address: shift(area.place, from), bytes };
  }

  // The calls that need more than a range.

  private mmap(): Call<Place> {
    const { pageBytes } = this;
    const align = this.pick([
      0,
      0,
      0,
      1,
      pageBytes,
      4 * pageBytes,
      2 ** 16,
      2 ** 21,
      GROUP_PAGES * pageBytes,
    ]);
    let bytes = this.mappingPages() * pageBytes;
    if (this.chance(0.2)) bytes -= this.between(1, pageBytes - 1);
    if (this.chance(0.03)) bytes = this.badBytes();
    const last = this.session.options.linux ? LOW : EXACT;
    const mode = this.chance(0.5) ? ANYWHERE : this.between(ANYWHERE, last);
    const hint = mode === ANYWHERE && this.chance(0.7) ? 0 : this.hint(bytes);
    return { call: "mmap", hint, bytes, mode, align };
  }

  private badBytes(): number {
    const { memoryBytes } = this.session.options;
    return this.pick([0, 2 ** 47, 2 ** 47 + 1, 2 ** 50, FITS_NOWHERE, USER_END, memoryBytes + 1]);
  }

  private hint(bytes: number): Place {
    const { pageBytes } = this;
    const size = this.session.roundUp(bytes);
    const dice = this.random();
    if (dice < 0.45) return WINDOW_START + this.between(0, WINDOW_PAGES) * pageBytes;
    if (dice < 0.5) return WINDOW_START + this.between(0, WINDOW_PAGES * pageBytes);
    if (dice < 0.6) return HEAP_START + this.between(0, 80) * pageBytes;
    if (dice < 0.65 && size < FITS_NOWHERE) {
      const edges = [
        USER_START,
        USER_START - pageBytes,
        USER_END - size,
        USER_END - size + pageBytes,
        pageBytes,
      ];
      return this.pick([...edges, 1, ADDRESS_LIMIT, USER_START + 1].filter((edge) => edge >= 0));
    }
    const area = this.area();
    const inside = this.between(0, area.bytes / pageBytes) * pageBytes;
    const offset = this.pick([
      -size,
      area.bytes,
      inside,
      inside,
      area.bytes + pageBytes,
      -size - pageBytes,
      7,
    ]);
    return shift(area.place, offset);
  }

  private unmapRange(): { address: Place; bytes: number } {
    const { pageBytes } = this;
    const dice = this.random();
    if (dice < 0.004) return { address: WINDOW_START, bytes: WINDOW_PAGES * pageBytes };
    if (dice < 0.006) return { address: 0x600000000000, bytes: USER_END - 0x600000000000 };
    if (dice < 0.01) {
      const bytes = this.pick([pageBytes, 2 ** 47, USER_END]);
      return { address: this.pick([0, USER_END, USER_START - pageBytes, USER_END - pageBytes]), bytes };
    }
    if (dice < 0.5) return this.pageRange();
    const area = this.area();
    const pages = area.bytes / pageBytes;
    const some = this.between(1, Math.max(1, pages)) * pageBytes;
    if (dice < 0.65) return { address: area.place, bytes: area.bytes };
    if (dice < 0.75) return { address: area.place, bytes: some };
    if (dice < 0.85) return { address: shift(area.place, area.bytes - some), bytes: some };
    // Spanning: over one or both ends, into whatever is there.
    const before = this.between(0, 3) * pageBytes;
    return { address: shift(area.place, -before), bytes: before + some + this.between(0, 3) * pageBytes };
  }

  private mremap(): Call<Place> {
    const { pageBytes } = this;
    const mayMove = this.chance(0.7);
    if (this.chance(0.15)) {
      const { address, bytes } = this.pageRange();
      return { call: "mremap", address, oldBytes: bytes, newBytes: this.mappingPages() * pageBytes, mayMove };
    }
    const area = this.area();
    const pages = area.bytes / pageBytes;
    const first = this.chance(0.7) ? 0 : this.between(0, Math.max(0, pages - 1));
    const oldBytes = area.bytes - first * pageBytes;
    let newBytes = this.pick([
      oldBytes + this.smallPages() * pageBytes,
      oldBytes + this.smallPages() * pageBytes,
      oldBytes + this.between(1, 100) * pageBytes,
      oldBytes + this.between(1, 100) * pageBytes,
      this.between(1, Math.max(1, oldBytes)),
      oldBytes - this.between(0, pageBytes),
      oldBytes,
      this.mappingPages() * pageBytes,
    ]);
    if (this.chance(0.03)) newBytes = this.badBytes();
    const trim = this.chance(0.1) ? this.between(0, pageBytes - 1) : 0;
    const address = shift(area.place, first * pageBytes);
    return { call: "mremap", address, oldBytes: Math.max(0, oldBytes - trim), newBytes, mayMove };
  }

  private brk(): Call<Place> {
    const { pageBytes } = this;
    const { heapBreak } = this.session;
    const dice = this.random();
    let address = heapBreak + this.between(-8, 10) * pageBytes;
    if (dice < 0.1) address = 0;
    else if (dice < 0.3) address = heapBreak + this.between(-pageBytes, pageBytes);
    else if (dice < 0.5) address = HEAP_START + this.between(0, 64 * pageBytes);
    else if (dice < 0.53) address = HEAP_START;
    else if (dice < 0.57) address = HEAP_START + this.between(400, 1300) * pageBytes;
    else if (dice < 0.6) address = this.pick([1, HEAP_START - 1, USER_END + 1, ADDRESS_LIMIT, USER_START]);
    return { call: "brk", address };
  }

  private advice(): number {
    const linux = this.session.options.kernel === "linux";
    if (this.session.files.size > 0 && this.chance(0.15)) return this.pick(FILE_ADVICE);
    if (this.chance(0.2)) return this.pick(LATER_ADVICE);
    return this.chance(0.85) ? this.pick(linux ? LINUX_ADVICE : ADVICE) : this.pick(ADVICE);
  }

  // Files.

  private file(): number {
    const { files } = this.session;
    return files.size > 0 && this.chance(0.98) ? this.pick([...files]) : this.pick([0, 9, 5000]);
  }

  private createFile(): Call<Place> {
    const { files } = this.session;
    if (files.size >= MOST_FILES) return { call: "removeFile", file: this.pick([...files]) };
    const pages = this.chance(0.3) ? this.between(0, 20) : this.between(20, MOST_FILE_PAGES);
    const bytes = Math.max(0, pages * this.pageBytes - (this.chance(0.5) ? 0 : this.between(1, 4000)));
    return { call: "createFile", isMemory: this.chance(0.4), bytes, isUnknown: this.chance(0.3) };
  }

  private fileOffset(): number {
    const { pageBytes } = this;
    if (this.chance(0.2)) return 0;
    const page = this.between(0, this.chance(0.5) ? 20 : MOST_FILE_PAGES);
    return page * pageBytes + (this.chance(0.6) ? 0 : this.between(0, pageBytes - 1));
  }

  private fileBytes(): number {
    return this.chance(0.5) ? this.between(1, 3 * this.pageBytes) : this.between(1, 80) * this.pageBytes;
  }

  private mapFile(): Call<Place> {
    const { pageBytes } = this;
    const pages = this.chance(0.6) ? this.between(1, 60) : this.between(1, 600);
    const bytes = pages * pageBytes - (this.chance(0.8) ? 0 : this.between(1, pageBytes - 1));
    const mode = this.chance(0.5) ? 0 : this.between(0, 2);
    const hint = mode === 0 && this.chance(0.7) ? 0 : this.hint(bytes);
    const offset = this.chance(0.02)
      ? 17
      : this.between(0, this.chance(0.6) ? 30 : MOST_FILE_PAGES) * pageBytes;
    return { call: "mapFile", file: this.file(), hint, bytes, mode, offset, isShared: this.chance(0.5) };
  }

  private vmCopy(): Call<Place> {
    const source = this.pageRange();
    const destination = this.chance(0.1) ? shift(source.address, this.pageBytes) : this.pageRange().address;
    return { call: "vmCopy", source: source.address, destination, bytes: source.bytes };
  }

  private fill(): Call<Place> {
    if (this.chance(0.5)) return { call: "fill", ...this.span(), byte: 0 };
    const { address, bytes } = this.span(6 * this.pageBytes);
    return { call: "fill", address: this.remember(address, bytes), bytes, byte: this.between(1, 255) };
  }

  private copy(): Call<Place> {
    const from =
      this.chance(0.4) && this.recent.length > 0 ? this.pick(this.recent).place : this.span().address;
    const { address, bytes } = this.span();
    // Same offset in the page on both sides now and then: whole pages then go over as one piece.
    const aligned = this.chance(0.3) ? this.pageRange().address : from;
    const short = aligned === from ? Math.min(bytes, 40 * this.pageBytes) : bytes;
    return { call: "copy", destination: this.remember(address, short), source: aligned, bytes: short };
  }

  private width(): Width {
    return this.pick([1, 2, 4, 8] as const);
  }

  private word(width: Width): bigint {
    if (this.chance(0.15)) return 0n;
    const high = BigInt(Math.floor(this.random() * 2 ** 32));
    const value = (high << 32n) | BigInt(Math.floor(this.random() * 2 ** 32));
    return BigInt.asUintN(8 * width, this.chance(0.3) ? value & 0xff00ff00ff00ff00n : value);
  }
}

// ---- Running ----------------------------------------------------------------------

function describeRun(options: MachineOptions): string {
  const { kernel, pageBytes, memoryBytes, addressSpaceBytes, zeroPage } = options;
  return `${kernel} page=${pageBytes} memory=${memoryBytes} addressSpace=${addressSpaceBytes} zeroPage=${zeroPage}`;
}

/** Anything but a Difference came out of counters(), pages() or the reference itself. */
function explain(error: unknown): string {
  if (error instanceof Difference) return error.message;
  return `subject, or reference, threw: ${error instanceof Error ? error.stack : error}`;
}

/**
 * Does `operations` random operations on the subject and on a fresh reference. Throws a
 * DifferentialError, which names the seed and the operation, at the first difference.
 */
export function runDifferential(
  subject: HugeMachine,
  options: MachineOptions,
  seed: number,
  operations: number,
  withFiles = false,
): void {
  const session = new Session(subject, options, false);
  const generator = new Generator(session, seed, withFiles);
  const done: Operation[] = [];
  let last: Call<Place> | null = null;
  try {
    for (let id = 0; id < operations; id++) {
      const { operation, call } = generator.next(id);
      done.push(operation);
      last = call;
      session.step(operation, call);
      if (id % COMPARE_ALL_EVERY === COMPARE_ALL_EVERY - 1) session.compareAll();
      if (id % CHECK_EVERY === CHECK_EVERY - 1) session.checkSubject();
    }
    session.finish();
  } catch (error) {
    const where = `seed=0x${seed.toString(16)} op=${done.length - 1} ${describeRun(options)}`;
    const what = last === null ? "before the first operation" : formatCall(last);
    throw new DifferentialError(`${where}\n  ${what}\n  ${explain(error)}`, seed, done);
  }
}

/**
 * Does recorded operations. Returns what differs at which operation, or null. Those that refer to an
 * operation which is not in the list, or that are left out on purpose, are passed over.
 */
export function replayDifferential(
  subject: HugeMachine,
  options: MachineOptions,
  operations: readonly Operation[],
): { at: number; message: string } | null {
  const session = new Session(subject, options, true);
  let at = 0;
  try {
    for (const [index, operation] of operations.entries()) {
      at = index;
      const call = session.resolve(operation);
      if (call !== null && session.allowed(call)) session.step(operation, call);
    }
    session.finish();
    return null;
  } catch (error) {
    return { at, message: explain(error) };
  }
}

/**
 * Takes out of a failing list whatever is not needed to make fresh subjects fail, in any way (reduce.ts). Returns the list as it is when it does not fail.
 */
export async function shrinkDifferential(
  factory: () => HugeMachine | Promise<HugeMachine>,
  options: MachineOptions,
  operations: readonly Operation[],
): Promise<Operation[]> {
  const judge: Judge<Operation> = async (lists) => {
    for (const [at, list] of lists.entries()) {
      const found = replayDifferential(await factory(), options, list);
      if (found) return { at, parts: list.slice(0, found.at + 1) };
    }
    return undefined;
  };
  const failing = await judge([[...operations]]);
  if (!failing) return [...operations];
  const reduction = new Reduction(failing.parts, judge);
  await reduction.run(() => []);
  return reduction.best;
}

/** A short list, one operation per line, as a failure message shows it. */
export function formatOperations(operations: readonly Operation[]): string {
  return operations.map((operation) => `  #${operation.id} ${formatCall(operation)}`).join("\n");
}
