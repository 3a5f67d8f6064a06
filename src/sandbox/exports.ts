/**
 * What a model's module exports.
 * @internal
 */
import type { ReplayExports } from "../allocator/replayer.js";

/** The exports of every module: assembly/program.ts. */
export interface MachineExports {
  memory: WebAssembly.Memory;
  start(
    pageShift: number,
    kernel: number,
    memoryBytes: number,
    addressSpaceBytes: number,
    maxMaps: number,
    alignment: number,
    zeroPage: number,
  ): void;
  read(address: number, width: number): bigint;
  write(address: number, width: number, value: bigint): void;
  fill(address: number, value: number, bytes: number): void;
  fillEnd(address: number, value: number, bytes: number): number;
  copy(destination: number, source: number, bytes: number): void;
  require(address: number, bytes: number, write: number): void;
  transferAddress(): number;
  copyOut(address: number, bytes: number): void;
  copyIn(address: number, bytes: number): void;
  touch(address: number, bytes: number, write: number): void;
  pageState(address: number): number;
  pageRun(address: number, pages: number): number;
  holders(): number;
  fork(number: number): number;
  exit(): number;
  switchTo(number: number): void;
  process(): number;
  processAbove(number: number): number;
  madvise(address: number, bytes: number, advice: number): number;
  protect(address: number, bytes: number, protection: number): number;
  regionFrom(address: number): number;
  regionEnd(address: number): number;
  regionBelow(address: number): number;
  counters(): number;
  counterCount(): number;
  calls(): number;
  pathCount(): number;
  pathOrigin(path: number): number;
  pathCounters(path: number): number;
  failure(): number;
  check(): number;
  restartCounters(): void;
}

/** The exports of modules whose machine has files besides: assembly/files-abi.ts. */
export interface FileExports {
  createFile(kind: number, bytes: number, isUnknown: number): number;
  removeFile(number: number): number;
  setReadahead(pages: number): void;
  fileLength(number: number): number;
  isCached(number: number, offset: number): number;
  mapFile(
    number: number,
    hint: number,
    bytes: number,
    place: number,
    offset: number,
    isShared: number,
  ): number;
  readFile(number: number, offset: number, address: number, bytes: number): number;
  writeFile(number: number, offset: number, address: number, bytes: number): number;
  send(address: number, bytes: number): number;
  sendFile(number: number, offset: number, bytes: number): number;
  forgetFile(number: number, offset: number, bytes: number): number;
  syncFile(number: number): number;
  dropCaches(): void;
  filePages(): number;
}

/** The exports of modules whose machine places and limits memory as it is told besides: assembly/placement-abi.ts. */
export interface PlacementExports {
  place(heapStart: number, mapBase: number, upward: number, seed: number): void;
  limit(dataBytes: number, overcommit: number, commitBytes: number): void;
  killLargest(): void;
  killNotes(): number;
  mapMemory(hint: number, bytes: number, isLow: number): number;
  unmap(address: number, bytes: number): number;
}

/** The exports of modules whose machine has huge pages besides: assembly/huge-abi.ts. */
export interface HugeExports {
  setHugePages(mode: number): void;
  hugeGroups(): number;
  heldPages(): number;
  press(): void;
}

/** The exports of every model's module: also those of assembly/abi.ts. */
export interface ModelExports extends MachineExports, ReplayExports {
  configure(option: number, value: number): number;
  malloc(bytes: number): number;
  calloc(count: number, size: number): number;
  realloc(pointer: number, bytes: number): number;
  free(pointer: number): void;
  aligned(align: number, bytes: number): number;
  usableSize(pointer: number): number;
  trim(keep: number): number;
  thread(number: number): void;
  endThread(number: number): void;
  tellsThreads(): number;
  clock(): number;
  setClock(nanoseconds: number): void;
  advanceClock(nanoseconds: number): void;
  inUse(): number;
  system(): number;
  cached(): number;
  statistic(which: number): number;
  figures(part: number): number;
  freeBlocks(address: number, bytes: number): number;
  freeRows(): number;
  siteRows(): number;
  siteCount(): number;
}

/** What the module of a check build exports besides: assembly/check-abi.ts. */
export interface CheckExports {
  callLog(): number;
  callsLogged(): number;
  digest(address: number, bytes: number): bigint;
}
