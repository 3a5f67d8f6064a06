/** Our own heap, bare: its functions and its memory, without the driver. */
import { readModule } from "#read-module";
import { limitMemory } from "../../src/wasm/limit-memory.js";

export interface HeapExports {
  memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  calloc(count: number, size: number): number;
  realloc(pointer: number, bytes: number): number;
  free(pointer: number): void;
  aligned_alloc(align: number, bytes: number): number;
  memalign(align: number, bytes: number): number;
  posix_memalign(result: number, align: number, bytes: number): number;
  malloc_usable_size(pointer: number): number;
  trim(): void;
  scrub(): void;
  statistics(): number;
  misuse(): number;
  misused(): number;
  /** Of check builds. */
  check?(): void;
}

export const BUILDS = ["heap", "heap.check"] as const;
export type Build = (typeof BUILDS)[number] | "heap-discarding" | "heap-trusting";

/** In the order of assembly/heap/statistics.ts. */
const STATISTICS = [
  ...([
    "system",
    "slots",
    "runs",
    "freeSlots",
    "rests",
    "cached",
    "freeRuns",
    "fresh",
    "own",
    "alien",
  ] as const),
  "zero",
] as const;
export type Statistics = Record<(typeof STATISTICS)[number], number>;

export async function heapBytes(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  const file = await readModule(new URL(`../../build/${build}.wasm`, import.meta.url));
  return new Uint8Array(
    file instanceof Response ? await file.arrayBuffer() : (file as Uint8Array<ArrayBuffer>),
  );
}

const compiled = new Map<Build, WebAssembly.Module>();

/** A heap of its own. Pointers are unsigned. */
export async function openHeap(build: Build, imports: WebAssembly.Imports = {}): Promise<Heap> {
  const module = compiled.get(build) ?? (await WebAssembly.compile(await heapBytes(build)));
  compiled.set(build, module);
  return new Heap((await WebAssembly.instantiate(module, imports)).exports as unknown as HeapExports);
}

/** A heap whose memory never has more than so many pages of 64 KiB. */
export async function openLimited(build: Build, pages: number): Promise<Heap> {
  const wasm = limitMemory(await heapBytes(build), pages) as Uint8Array<ArrayBuffer>;
  return new Heap((await WebAssembly.instantiate(wasm)).instance.exports as unknown as HeapExports);
}

export class Heap {
  constructor(readonly exports: HeapExports) {}

  malloc = (bytes: number) => this.exports.malloc(bytes) >>> 0;
  calloc = (count: number, size: number) => this.exports.calloc(count, size) >>> 0;
  realloc = (pointer: number, bytes: number) => this.exports.realloc(pointer, bytes) >>> 0;
  free = (pointer: number) => this.exports.free(pointer);
  memalign = (align: number, bytes: number) => this.exports.memalign(align, bytes) >>> 0;
  usable = (pointer: number) => this.exports.malloc_usable_size(pointer) >>> 0;

  /** Walks all that it keeps; nothing in release builds. */
  check(): void {
    this.exports.check?.();
  }

  get memory(): WebAssembly.Memory {
    return this.exports.memory;
  }

  get memoryBytes(): number {
    return this.memory.buffer.byteLength;
  }

  bytes(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, pointer, length);
  }

  fill(pointer: number, length: number, value = 0xa5): void {
    this.bytes(pointer, length).fill(value);
  }

  isZero(pointer: number, length: number): boolean {
    return this.bytes(pointer, length).every((byte) => byte === 0);
  }

  /** The first offset whose byte has another value, or the length. The pointer is aligned to 16 bytes. */
  unlike(pointer: number, length: number, value: number): number {
    const word = (value * 0x01010101) >>> 0;
    const words = new Uint32Array(this.memory.buffer, pointer, length >>> 2);
    let at = 0;
    while (at < words.length && words[at] === word) at++;
    const bytes = this.bytes(pointer, length);
    for (at *= 4; at < length && bytes[at] === value; ) at++;
    return at;
  }

  statistics(): Statistics {
    const found = new Uint32Array(this.memory.buffer, this.exports.statistics(), STATISTICS.length);
    return Object.fromEntries(STATISTICS.map((name, i) => [name, found[i]])) as Statistics;
  }

  /** What it noticed before it trapped, or nothing. */
  get words(): string {
    const address = this.exports.misuse() >>> 0;
    if (!address) return "";
    const length = new DataView(this.memory.buffer).getUint32(address - 4, true);
    return new TextDecoder("utf-16le").decode(this.bytes(address, length));
  }
}
