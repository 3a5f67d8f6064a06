import { readModule } from "#read-module";
import { CONTENT, MAPPED, SHARED, UNKNOWN } from "#shared/page-states";
import type { FileExports, HugeExports, MachineExports, PlacementExports } from "../src/sandbox/exports.js";
import type { FileCounters } from "../src/sandbox/files.js";
import { Instance } from "../src/sandbox/instance.js";
import { foldFile, pageRun } from "../src/sandbox/machine.js";
import { LINUX_DEFAULTS } from "../src/sandbox/placement.js";
import type { FileCounts } from "./reference/files.js";
import type { Area, HugeMachine, MachineCounters, MachineOptions, PageRun } from "./reference/interface.js";

/** What the bare machine exports: assembly/machine-abi.ts. */
export interface RawExports extends MachineExports, FileExports, PlacementExports, HugeExports {
  mmap(hint: number, bytes: number, place: number, align: number): number;
  munmap(address: number, bytes: number): number;
  mremap(address: number, oldBytes: number, newBytes: number, mayMove: number): number;
  brk(address: number): number;
  vmCopy(source: number, destination: number, bytes: number): number;
  mprotect(address: number, bytes: number): number;
  clear(address: number, bytes: number): void;
  clearDirty(address: number, bytes: number): void;
  areaCount(): number;
  areaEnd(address: number): number;
}

/** The reference says whether a page is unknown, but not whether an unknown or shared one has content. */
function fold(bits: number): number {
  if (!(bits & MAPPED)) return foldFile(bits);
  return bits & (UNKNOWN | SHARED) ? bits & ~CONTENT : bits;
}

/** The bare machine, compiled without an allocator. */
export async function openRawMachine(options: MachineOptions, check: boolean): Promise<HugeMachine> {
  const url = new URL(`../build/machine${check ? `.check` : ``}.wasm`, import.meta.url);
  const { linux, ...machine } = options;
  const settings = { hugePages: "never" as const, ...machine, clock: 0, ...LINUX_DEFAULTS, ...linux };
  const instance = await Instance.open<RawExports>(await readModule(url), settings);
  return new RawMachine(instance);
}

/** As the reference counts: pages, and not bytes. */
function countsOf(files: FileCounters, pageBytes: number): FileCounts {
  return {
    mapFaults: files.faults.map,
    copyFaults: files.faults.copy,
    writableFaults: files.faults.makeWritable,
    major: files.majorFaults,
    mappedAround: files.mappedAround,
    cachedPages: files.cachedBytes / pageBytes,
    diskReadPages: files.diskReadBytes / pageBytes,
    diskWrittenPages: files.diskWrittenBytes / pageBytes,
    copiedToUser: files.copiedToUser,
    copiedFromUser: files.copiedFromUser,
  };
}

class RawMachine implements HugeMachine {
  readonly #instance: Instance<RawExports>;
  readonly #exports: RawExports;

  constructor(instance: Instance<RawExports>) {
    this.#instance = instance;
    this.#exports = instance.exports;
  }

  #run<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw this.#instance.explain(error);
    }
  }

  mmap(hint: number, bytes: number, mode: number, align: number): number {
    return this.#run(() => this.#exports.mmap(hint, bytes, mode, align));
  }

  munmap(address: number, bytes: number): number {
    return this.#run(() => this.#exports.munmap(address, bytes));
  }

  mremap(address: number, oldBytes: number, newBytes: number, mayMove: boolean): number {
    return this.#run(() => this.#exports.mremap(address, oldBytes, newBytes, Number(mayMove)));
  }

  brk(address: number): number {
    return this.#run(() => this.#exports.brk(address));
  }

  madvise(address: number, bytes: number, advice: number): number {
    return this.#run(() => this.#exports.madvise(address, bytes, advice));
  }

  protect(address: number, bytes: number, protection: number): number {
    return this.#run(() => this.#exports.protect(address, bytes, protection));
  }

  vmCopy(source: number, destination: number, bytes: number): number {
    return this.#run(() => this.#exports.vmCopy(source, destination, bytes));
  }

  load(address: number, width: 1 | 2 | 4 | 8): bigint {
    return this.#run(() => BigInt.asUintN(64, this.#exports.read(address, width)));
  }

  store(address: number, width: 1 | 2 | 4 | 8, value: bigint): void {
    this.#run(() => this.#exports.write(address, width, value));
  }

  fill(address: number, byte: number, bytes: number): void {
    this.#run(() => this.#exports.fill(address, byte, bytes));
  }

  copy(destination: number, source: number, bytes: number): void {
    this.#run(() => this.#exports.copy(destination, source, bytes));
  }

  touch(address: number, bytes: number, write: boolean): void {
    this.#run(() => this.#exports.touch(address, bytes, Number(write)));
  }

  clear(address: number, bytes: number): void {
    this.#run(() => this.#exports.clear(address, bytes));
  }

  clearDirty(address: number, bytes: number): void {
    this.#run(() => this.#exports.clearDirty(address, bytes));
  }

  fork(number: number): number {
    return this.#run(() => this.#exports.fork(number));
  }

  exit(): number {
    return this.#run(() => this.#exports.exit());
  }

  switchTo(number: number): void {
    this.#run(() => this.#exports.switchTo(number));
  }

  get process(): number {
    return this.#exports.process();
  }

  createFile(isMemory: boolean, bytes: number, isUnknown: boolean): number {
    return this.#run(() => this.#exports.createFile(Number(isMemory), bytes, Number(isUnknown)));
  }

  removeFile(file: number): number {
    return this.#run(() => this.#exports.removeFile(file));
  }

  setReadahead(pages: number): void {
    this.#run(() => this.#exports.setReadahead(pages));
  }

  fileLength(file: number): number {
    return this.#run(() => this.#exports.fileLength(file));
  }

  isCached(file: number, offset: number): boolean {
    return this.#run(() => this.#exports.isCached(file, offset)) !== 0;
  }

  mapFile(
    file: number,
    hint: number,
    bytes: number,
    mode: number,
    offset: number,
    isShared: boolean,
  ): number {
    return this.#run(() => this.#exports.mapFile(file, hint, bytes, mode, offset, Number(isShared)));
  }

  readFile(file: number, offset: number, address: number, bytes: number): number {
    return this.#run(() => this.#exports.readFile(file, offset, address, bytes));
  }

  writeFile(file: number, offset: number, address: number, bytes: number): number {
    return this.#run(() => this.#exports.writeFile(file, offset, address, bytes));
  }

  send(address: number, bytes: number): number {
    return this.#run(() => this.#exports.send(address, bytes));
  }

  sendFile(file: number, offset: number, bytes: number): number {
    return this.#run(() => this.#exports.sendFile(file, offset, bytes));
  }

  forgetFile(file: number, offset: number, bytes: number): number {
    return this.#run(() => this.#exports.forgetFile(file, offset, bytes));
  }

  syncFile(file: number): number {
    return this.#run(() => this.#exports.syncFile(file));
  }

  dropCaches(): void {
    this.#run(() => this.#exports.dropCaches());
  }

  filePages(): [disk: number, memory: number] {
    return this.#run(() => this.#instance.words(this.#exports.filePages(), 2)) as [number, number];
  }

  holders(): number[] {
    const counted = this.#run(() => this.#instance.counted(this.#exports.holders()));
    return counted.slice(0, counted.findLastIndex((pages) => pages > 0) + 1);
  }

  counters(): MachineCounters {
    const { faults, zeroed, syscalls, walked, touched, bytes } = this.#instance.counters({
      inUse: 0,
      system: 0,
      cached: 0,
    });
    const { virtual, resident, peakResident } = bytes;
    const sharing = this.#instance.sharing();
    const files = countsOf(this.#instance.files(), this.#instance.machine.pageBytes);
    const gauges = { virtual, resident, peakResident };
    const hugeFaults = this.#instance.hugePages(this.#exports).faults;
    return { faults, zeroed, syscalls, walked, touched, sharing, files, hugeFaults, bytes: gauges };
  }

  pages(address: number, bytes: number): PageRun[] {
    return this.#instance.pageRuns(address, bytes, fold).map((run) => {
      const { reusable, needless, ...rest } = pageRun(
        run.address,
        run.pages,
        run.bits,
        this.#instance.machine,
      );
      return { ...rest, lazy: reusable, cleared: needless, unknown: (run.bits & UNKNOWN) !== 0 };
    });
  }

  areas(address: number, bytes: number): Area[] {
    const areas: Area[] = [];
    const end = address + bytes;
    for (let at = this.#exports.regionFrom(address); at && at < end; at = this.#exports.regionFrom(at)) {
      const from = Math.max(at, address);
      at = this.#exports.areaEnd(at);
      areas.push({ address: from, bytes: Math.min(end, at) - from });
    }
    return areas;
  }

  areaCount(): number {
    return this.#exports.areaCount();
  }

  hugeGroups(): number {
    return this.#exports.hugeGroups();
  }

  heldPages(): number {
    return this.#exports.heldPages();
  }

  press(): void {
    this.#run(() => this.#exports.press());
  }

  check(): void {
    this.#run(() => this.#instance.check());
  }
}
