/**
 * A slow second meter that shares nothing with src/meter: Binaryen prints the module as text, every memory
 * instruction in it is replaced by a call, by its name, and JavaScript records every byte.
 */
import binaryen from "assemblyscript/binaryen";
import { assemble } from "../wasm/assemble.js";

const PAGE_BYTES = 4096;

/** The readings that both meters give, in one order. */
export interface Expected {
  touched: { read: number; written: number; either: number };
  needlessPages: number;
  zeroed: { bytes: number; needless: number };
  zeroedByStores: { bytes: number; needless: number };
  loads: number;
  stores: number;
  fills: number;
  copies: number;
  inits: number;
  grows: number;
  peakPages: number;
}

export class Reference {
  memory!: WebAssembly.Memory;
  readonly #read = new Set<number>();
  readonly #written = new Set<number>();
  readonly #cleared = new Set<number>();
  readonly #counts = { loads: 0, stores: 0, fills: 0, copies: 0, inits: 0, grows: 0 };
  #zeroed = { bytes: 0, needless: 0 };
  #zeroedByStores = { bytes: 0, needless: 0 };
  #old = new Uint8Array();

  constructor(private readonly zeroStores: boolean) {}

  get imports(): WebAssembly.ModuleImports {
    return {
      before: (address: number, offset: bigint, writes: number) => {
        const start = (address >>> 0) + Number(offset);
        this.#old = new Uint8Array(this.memory.buffer).slice(start, start + writes);
      },
      after: (address: number, offset: bigint, reads: number, writes: number, whole: number) => {
        const start = (address >>> 0) + Number(offset);
        if (reads || writes) this.#access(start, reads, writes, whole === 1);
      },
      filled: (to: number, value: number, bytes: number) => {
        this.#counts.fills++;
        this.#write(to >>> 0, bytes >>> 0, (value & 255) === 0 ? this.#zeroed : null);
      },
      copied: (to: number, from: number, bytes: number) => {
        this.#counts.copies++;
        for (const page of pagesOf(from >>> 0, bytes >>> 0)) this.#read.add(page.page);
        this.#write(to >>> 0, bytes >>> 0, null);
      },
      initialized: (to: number, _from: number, bytes: number) => {
        this.#counts.inits++;
        this.#write(to >>> 0, bytes >>> 0, null);
      },
      grown: (pages: number, result: number) => {
        if (result !== -1 && pages !== 0) this.#counts.grows++;
      },
    };
  }

  reading(): Expected {
    const written = new Set([...this.#written, ...this.#cleared]);
    const used = new Set([...this.#written, ...this.#read]);
    return {
      touched: { read: this.#read.size, written: written.size, either: new Set([...used, ...written]).size },
      needlessPages: [...this.#cleared].filter((page) => !used.has(page)).length,
      zeroed: { ...this.#zeroed },
      zeroedByStores: { ...this.#zeroedByStores },
      ...this.#counts,
      peakPages: this.memory.buffer.byteLength / 65_536,
    };
  }

  #access(start: number, reads: number, writes: number, whole: boolean): void {
    if (reads) {
      this.#counts.loads++;
      for (const { page } of pagesOf(start, reads)) this.#read.add(page);
    }
    if (!writes) return;
    this.#counts.stores++;
    const now = new Uint8Array(this.memory.buffer, start, writes);
    // Not a read-modify-write, nor the store of a lane.
    const isZero = this.zeroStores && whole && !reads && now.every((byte) => byte === 0);
    this.#write(start, writes, isZero ? this.#zeroedByStores : null);
  }

  /** What was there before is in #old. */
  #write(start: number, bytes: number, zeroing: { bytes: number; needless: number } | null): void {
    for (const { page, from, to } of pagesOf(start, bytes)) {
      const needless = zeroing
        ? this.#old.subarray(from - start, to - start).filter((b) => b === 0).length
        : 0;
      if (zeroing) {
        zeroing.bytes += to - from;
        zeroing.needless += needless;
      }
      (zeroing && needless === to - from ? this.#cleared : this.#written).add(page);
    }
  }
}

/** The pages of a range, and which part of it is in each. */
function pagesOf(start: number, bytes: number): { page: number; from: number; to: number }[] {
  const pages = [];
  for (let from = start; from < start + bytes; ) {
    const to = Math.min(start + bytes, (Math.floor(from / PAGE_BYTES) + 1) * PAGE_BYTES);
    pages.push({ page: from / PAGE_BYTES, from, to });
    from = to;
  }
  return pages.map((part) => ({ ...part, page: Math.floor(part.page) }));
}

/** The module with every memory instruction replaced. Its new imports are `Reference.imports`, called "reference". */
export function referenceModule(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const original = binaryen.readBinary(wasm);
  original.setFeatures(binaryen.Features.All);
  const wrappers = new Map<string, string>();
  const text = original.emitText().replace(INSTRUCTION, (line, indent, name, immediates) => {
    const wrapper = wrap(`$wrapped-${wrappers.size}`, name, immediates.trim());
    if (!wrapper) return line;
    const key = `${name} ${immediates}`;
    if (!wrappers.has(key)) wrappers.set(key, wrapper);
    const own = /\$wrapped-\d+/.exec(wrappers.get(key) as string)?.[0];
    return `${indent}(call ${own}`;
  });
  const lines = text.split("\n");
  const firstType = lines.findIndex((line) =>
    /^ \((func|global|memory|table|data|elem|export|start|tag)/.test(line),
  );
  lines.splice(firstType, 0, IMPORTS);
  lines.splice(lines.lastIndexOf(")"), 0, ...wrappers.values());
  original.dispose();
  return assemble(lines.join("\n"));
}

const INSTRUCTION = /^( +)\(((?:[if](?:32|64)|v128|memory)\.[\w.]+)((?: [$\w=]+)*)$/gm;

const IMPORTS = ` (import "reference" "before" (func $before (param i32 i64 i32)))
 (import "reference" "after" (func $after (param i32 i64 i32 i32 i32)))
 (import "reference" "filled" (func $filled (param i32 i32 i32)))
 (import "reference" "copied" (func $copied (param i32 i32 i32)))
 (import "reference" "initialized" (func $initialized (param i32 i32 i32)))
 (import "reference" "grown" (func $grown (param i32 i32)))`;

function wrap(id: string, name: string, immediates: string): string | null {
  if (name === "memory.grow") {
    return `(func ${id} (param i32) (result i32) (local i32)
      (local.set 1 (memory.grow (local.get 0))) (call $grown (local.get 0) (local.get 1)) (local.get 1))`;
  }
  const bulk = { "memory.fill": "filled", "memory.copy": "copied", "memory.init": "initialized" }[name];
  if (bulk) {
    const operands = "(local.get 0) (local.get 1) (local.get 2)";
    return `(func ${id} (param i32 i32 i32)
      (call $before (local.get 0) (i64.const 0) (local.get 2))
      (${name} ${immediates} ${operands}) (call $${bulk} ${operands}))`;
  }
  return wrapAccess(id, name, immediates);
}

function wrapAccess(id: string, name: string, immediates: string): string | null {
  const shape = shapeOf(name);
  if (!shape) return null;
  const { reads, writes, operands, result } = shape;
  const offset = /offset=(\d+)/.exec(immediates)?.[1] ?? "0";
  const locals = [...operands, ...(result ? [result] : [])];
  const call = `(${name} ${immediates} ${["i32", ...operands].map((_, i) => `(local.get ${i})`).join(" ")})`;
  const whole = name.includes("lane") ? 0 : 1;
  return `(func ${id} (param i32 ${operands.join(" ")}) ${result ? `(result ${result}) (local ${result})` : ""}
    (call $before (local.get 0) (i64.const ${offset}) (i32.const ${writes}))
    ${result ? `(local.set ${locals.length} ${call})` : call}
    (call $after (local.get 0) (i64.const ${offset}) (i32.const ${reads}) (i32.const ${writes}) (i32.const ${whole}))
    ${result ? `(local.get ${locals.length})` : ""})`;
}

interface Shape {
  reads: number;
  writes: number;
  operands: string[];
  result: string | null;
}

/** What an instruction does, from its name; null if it accesses no memory. */
function shapeOf(name: string): Shape | null {
  const [type = "", ...rest] = name.split(".");
  const what = rest.join(".");
  const full = { i32: 4, i64: 8, f32: 4, f64: 8, v128: 16 }[type] ?? 0;
  if (what === "atomic.notify") return { reads: 0, writes: 0, operands: ["i32"], result: "i32" };
  const wait = /^atomic\.wait(32|64)$/.exec(what);
  if (wait) return { reads: Number(wait[1]) / 8, writes: 0, operands: [`i${wait[1]}`, "i64"], result: "i32" };
  const modify = /^atomic\.rmw(\d*)\.(\w+?)(_u)?$/.exec(what);
  if (modify) {
    const bytes = modify[1] ? Number(modify[1]) / 8 : full;
    const operands = modify[2] === "cmpxchg" ? [type, type] : [type];
    return { reads: bytes, writes: bytes, operands, result: type };
  }
  const vector = /^load(\d+)x(\d+)_[su]$/.exec(what);
  if (vector) return { reads: 8, writes: 0, operands: [], result: type };
  const plain = /^(?:atomic\.)?(load|store)(\d*)(_lane)?(_[a-z]+)?$/.exec(what);
  if (!plain) return null;
  const bytes = plain[2] ? Number(plain[2]) / 8 : full;
  if (plain[1] === "store") return { reads: 0, writes: bytes, operands: [type], result: null };
  return { reads: bytes, writes: 0, operands: plain[3] ? [type] : [], result: type };
}
