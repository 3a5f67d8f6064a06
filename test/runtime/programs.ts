/** Programs of AssemblyScript that make objects. Each exports `run`, which says the same on every runtime. */

/** Numbers that look random: Marsaglia's xorshift. */
export const RANDOM = `
  let state: u32 = 2463534242;
  function next(): u32 {
    state ^= state << 13;
    state ^= state >> 17;
    return (state ^= state << 5);
  }
`;

/** Strings, arrays, maps, sets, closed cycles, static objects that refer to others. */
export const LIBRARY = `
  class Node { constructor(public value: i32, public next: Node | null = null, public other: Node | null = null) {} }
  class Base { tell(): string { return "base"; } }
  class Derived extends Base { constructor(private text: string) { super(); } tell(): string { return this.text; } }
  const words: string[] = [];
  const kept = new Map<string, Node>();
  const seen = new Set<i32>();
  const statics: StaticArray<string> = ["one", "two", "three"];

  export function run(count: i32): string {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const one = new Node(i), other = new Node(-i, one);
      one.next = other;
      one.other = one;
      if (i % 100 == 0) {
        words.push("word " + i.toString());
        kept.set("key " + (i % 1000).toString(), other);
        seen.add(i % 777);
        statics[i % 3] = "static " + i.toString();
      }
      if (words.length > 500) words.shift();
      const list: i32[] = [];
      for (let j = 0; j < i % 20; j++) list.push(j);
      sum += list.map<i32>((x) => x * 2).filter((x) => x % 3 != 0).reduce((x, y) => x + y, 0);
      sum += other.next!.other!.value;
      const bases: Base[] = [new Base(), new Derived(i.toString())];
      sum += bases[i % 2].tell().length;
    }
    const keys = kept.keys();
    for (let i = 0; i < keys.length; i++) sum += keys[i].length + kept.get(keys[i]).value;
    const bytes = new Uint8Array(1000);
    for (let i = 0; i < bytes.length; i++) sum += bytes[i];
    const sorted = words.slice().sort();
    return [sum.toString(), seen.size.toString(), statics.join(), sorted.join().slice(0, 50)].join(" ");
  }
`;

/** A graph whose edges change all the time. What is reachable knows its own number, in two places. */
export const GRAPH = `
  ${RANDOM}
  class Vertex {
    edges: (Vertex | null)[] = [];
    name: string;
    constructor(public number: u32) { this.name = number.toString(); }
    check(): void { assert(this.name == this.number.toString(), "a vertex was freed"); }
  }
  const roots = new StaticArray<Vertex | null>(64);
  /** In nothing but a global, some of the time. */
  let spare: Vertex | null = null;

  /** Takes a vertex out of what may be all that refers to it. */
  function setAside(from: Vertex): void {
    if (!from.edges.length) return;
    const back = spare;
    const at = next() % from.edges.length;
    spare = from.edges[at];
    from.edges[at] = back;
    if (back) back.check();
  }

  function walk(from: Vertex, steps: i32): Vertex {
    for (let i = 0; i < steps; i++) {
      from.check();
      const count = from.edges.length;
      const to = count ? from.edges[next() % count] : null;
      if (!to) return from;
      from = to;
    }
    return from;
  }

  export function run(count: i32): string {
    let sum: u32 = 0;
    for (let i = 0; i < count; i++) {
      const root = roots[next() % 64];
      const fresh = new Vertex(next());
      if (!root || next() % 50 == 0) {
        roots[next() % 64] = fresh;
        continue;
      }
      const from = walk(root, 5), to = walk(root, 9);
      sum += from.number ^ to.number;
      switch (next() % 4) {
        case 0: from.edges.push(fresh); fresh.edges.push(to); break;
        case 1: setAside(from); break;
        case 2: if (from.edges.length) from.edges[next() % from.edges.length] = fresh; break;
        default: if (from.edges.length > 8) from.edges = from.edges.slice(4);
      }
    }
    return sum.toString();
  }
`;

/** Objects of all sizes that die soon. Exports how many pages the memory has. */
export const CHURN = `
  ${RANDOM}
  const slots = new StaticArray<Uint8Array | null>(256);
  let live: string[] = [];

  export function run(count: i32): string {
    let sum: u32 = 0;
    for (let i = 0; i < count; i++) {
      const size = next() % 64 == 0 ? next() % 50000 : next() % 200;
      const array = new Uint8Array(size);
      for (let j = 0; j < array.length; j += 97) { assert(array[j] == 0, "not zero"); array[j] = <u8>i; }
      slots[next() % 256] = array;
      live.push(i.toString(16));
      if (live.length > 300) { sum += live.join("").length; live = []; }
    }
    return sum.toString();
  }

  export function pages(): i32 { return memory.size(); }
`;

/** Arrays that grow in place, over what others left. AssemblyScript's own runtime does not make that zero. */
export const GROWING = `
  ${RANDOM}
  export function run(count: i32): string {
    for (let i = 0; i < count; i++) {
      const list = new Array<u8>(next() % 1500);
      list.length += next() % 100;
      for (let j = 0; j < list.length; j++) { assert(list[j] == 0, "not zero"); list[j] = 255; }
    }
    return "";
  }
`;

/** Counts what is freed; holds only what the host has pinned. */
export const FINALIZED = `
  class Box { constructor(public value: i32) {} }
  let freed = 0;
  // @ts-ignore: asc's decorator
  @global function __finalize(reference: usize): void { freed++; }
  export function make(value: i32): Box { return new Box(value); }
  export function valueOf(box: Box): i32 { return box.value; }
  export function freedCount(): i32 { return freed; }
  export function makeMany(count: i32): void { for (let i = 0; i < count; i++) new Box(i); }
`;

/** The heap beside objects. */
export const IMPORTING = `
  import { calloc, free, malloc, realloc, statistics } from "./assembly/heap";
  ${RANDOM}
  const blocks = memory.data(4 * 64);
  const texts: string[] = [];

  export function run(count: i32): string {
    let sum: u32 = 0;
    for (let i = 0; i < count; i++) {
      const slot = blocks + 4 * (next() % 64);
      let block = <usize>load<u32>(slot);
      if (block) {
        sum += load<u32>(block);
        assert(load<u32>(block) == load<u32>(block, 12), "a block was written to");
      }
      const size = 16 + next() % 3000;
      if (next() % 3 == 0) { free(block); block = calloc(1, size); assert(load<u64>(block, 8) == 0, "not zero"); }
      else block = realloc(block, size);
      store<u32>(block, <u32>i);
      store<u32>(block, <u32>i, 12);
      store<u32>(slot, <u32>block);
      texts.push("text " + i.toString());
      if (texts.length > 1000) { sum += texts.join("").length; texts.length = 0; }
    }
    return sum.toString();
  }

  export function inUse(): u32 { const found = statistics(); return load<u32>(found, 4) + load<u32>(found, 8); }
  export function firstBlock(): usize { return malloc(1); }
`;
