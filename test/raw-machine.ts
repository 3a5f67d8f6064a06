import { readModule } from "#read-module";
import { CONTENT, SHARED, UNKNOWN } from "#shared/page-states";
import type { MachineExports } from "../src/sandbox/exports.js";
import { Instance } from "../src/sandbox/instance.js";
import { pageRun } from "../src/sandbox/machine.js";
import type { Area, Machine, MachineCounters, MachineOptions, PageRun } from "./reference/interface.js";

/** What the bare machine exports: assembly/machine-abi.ts. */
export interface RawExports extends MachineExports {
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
  return bits & (UNKNOWN | SHARED) ? bits & ~CONTENT : bits;
}

/** The bare machine, compiled without an allocator. */
export async function openRawMachine(options: MachineOptions, check: boolean): Promise<Machine> {
  const url = new URL(`../build/machine${check ? `.check` : ``}.wasm`, import.meta.url);
  const instance = await Instance.open<RawExports>(await readModule(url), { ...options, clock: 0 });
  return new RawMachine(instance);
}

class RawMachine implements Machine {
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
    return { faults, zeroed, syscalls, walked, touched, sharing, bytes: { virtual, resident, peakResident } };
  }

  pages(address: number, bytes: number): PageRun[] {
    return this.#instance.pageRuns(address, bytes, fold).map((run) => {
      const { reusable, needless, ...rest } = pageRun(
        run.address,
        run.pages,
        run.bits,
        this.#instance.machine.kernel,
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

  check(): void {
    this.#run(() => this.#instance.check());
  }
}
