/**
 * A program that makes objects of all kinds, round after round, and holds some for long. Each round ends with none, so
 * the heap has to hold then what it held after the first, and its memory must not grow once it is warm.
 */
import { compile, open, type Program } from "./compile.js";
import { RANDOM } from "./programs.js";

/** The program. What is planted is done once in a round. */
const source = (planted: string) => `
  import { malloc, statistics } from "./assembly/heap";
  ${RANDOM}
  class Node {
    next: Node | null = null;
    other: Node | null = null;
    constructor(public name: string) {}
  }
  class Shape { sides(): i32 { return 0; } }
  class Polygon<T> extends Shape {
    constructor(public corners: T[]) { super(); }
    sides(): i32 { return this.corners.length; }
  }

  /** All that lives. Each part has a bound. */
  class World {
    words: string[] = [];
    nodes: Map<string, Node> = new Map();
    seen: Set<u32> = new Set();
    grids: StaticArray<f64[][] | null> = new StaticArray(16);
    buffers: StaticArray<Uint8Array | null> = new StaticArray(64);
    shapes: Shape[] = [];
    numbers: i32[] = [];
  }
  let world = new World();
  const forgotten: World[] = [];

  function addWord(): void {
    const words = world.words;
    const parts = (next().toString(16) + "-" + next().toString()).split("-");
    words.push(parts.reverse().join(" ").toUpperCase());
    if (words.length > 500) world.words = words.slice(next() % 400);
  }

  /** Nodes in a ring, each of which refers to the first too. */
  function addRing(): void {
    const first = new Node("node 0");
    let last = first;
    for (let i: u32 = 1; i < 2 + next() % 12; i++) {
      const node = new Node("node " + i.toString());
      node.other = first;
      last.next = node;
      last = node;
    }
    last.next = first;
    const nodes = world.nodes;
    nodes.set("key " + (next() % 400).toString(), first);
    if (next() % 8 == 0) nodes.delete("key " + (next() % 400).toString());
  }

  /** Makes one ring refer to another, or no longer. */
  function linkRings(): void {
    const keys = world.nodes.keys();
    if (!keys.length) return;
    const from = world.nodes.get(keys[next() % keys.length]);
    const to = world.nodes.get(keys[next() % keys.length]);
    assert(from.name == "node 0" && from.next!.next != null, "a node was freed");
    from.other = next() % 4 ? null : to;
  }

  function addGrid(): void {
    const rows: f64[][] = [];
    for (let i: u32 = 0; i < 1 + next() % 20; i++) rows.push(new Array<f64>(next() % 60).fill(i));
    const old = world.grids[next() % 16];
    if (old) for (let i = 0; i < old.length; i++) assert(!old[i].length || old[i][0] == i, "a row was freed");
    world.grids[next() % 16] = rows;
  }

  /** A buffer that doubles until it is as large as wanted. */
  function growBuffer(): void {
    const wanted = next() % 64 ? next() % 8000 : next() % 400000;
    let buffer = new Uint8Array(16);
    while (<u32>buffer.length < wanted) {
      const larger = new Uint8Array(2 * buffer.length);
      larger.set(buffer);
      for (let i = 0; i < larger.length; i += 4001) { assert(larger[i] == 0, "not zero"); }
      buffer = larger;
    }
    world.buffers[next() % 64] = buffer;
  }

  function addShape(): void {
    const shapes = world.shapes;
    if (next() % 2) shapes.push(new Polygon<string>(world.words.slice(next() % 500)));
    else shapes.push(new Polygon<i32>([1, 2, 3]));
    if (shapes.length > 40) shapes.splice(next() % 20, 20);
  }

  function addNumbers(): void {
    const numbers = world.numbers;
    for (let i: u32 = 0; i < next() % 300; i++) numbers.push(<i32>next());
    if (numbers.length > 3000) world.numbers = numbers.filter((x) => x % 5 == 0).map<i32>((x) => x / 2);
    world.seen.add(next() % 3000);
    if (world.seen.size > 2000) world.seen.clear();
  }

  function step(): void {
    switch (next() % 8) {
      case 0: addWord(); break;
      case 1: addRing(); break;
      case 2: linkRings(); break;
      case 3: addGrid(); break;
      case 4: growBuffer(); break;
      case 5: addShape(); break;
      default: addNumbers();
    }
  }

  export function round(seed: u32, count: i32): void {
    state = seed;
    for (let i = 0; i < count; i++) step();
    let sides = 0;
    for (let i = 0; i < world.shapes.length; i++) sides += world.shapes[i].sides();
    assert(sides > 0, "shapes have sides");
    ${planted}
  }

  export function drop(): void { world = new World(); }
  export function inUse(): u32 { const found = statistics(); return load<u32>(found, 4) + load<u32>(found, 8); }
`;

/** Steps of a round. */
const STEPS = 10_000;
/** Rounds are of so many kinds, in turn: what lives at once is random, and so would be the most of ever new rounds. */
const KINDS = 10;
/** Rounds until the memory is as large as it has to be. */
export const WARM_UP = 6 * KINDS;

export class Steady {
  rounds = 0;
  /** Bytes in use, of slots and runs, when all has been dropped. */
  liveBytes = 0;
  /** Bytes of memory when it was warm. */
  warmBytes = 0;

  private constructor(
    private readonly program: Program,
    private readonly seed: number,
  ) {}

  /** @param planted Statements of AssemblyScript that spoil each round. */
  static async open(runtime: string, seed: number, planted = ""): Promise<Steady> {
    return new Steady(await open(await compile(source(planted), runtime)), seed);
  }

  get steps(): number {
    return this.rounds * STEPS;
  }

  get memoryBytes(): number {
    return this.program.memory.buffer.byteLength;
  }

  /** @throws Error with the seed and the round, if the heap is not as it was. */
  round(): void {
    const { program, seed } = this;
    program.call("round", seed + (this.rounds % KINDS), STEPS);
    program.call("drop");
    program.collect();
    const live = program.call("inUse");
    this.rounds++;
    if (this.rounds === 1) this.liveBytes = live;
    if (this.rounds <= WARM_UP) this.warmBytes = this.memoryBytes;
    const where = `seed=${seed} round=${this.rounds}:`;
    if (live !== this.liveBytes) throw new Error(`${where} ${live} bytes live, not ${this.liveBytes}`);
    if (this.memoryBytes > this.warmBytes)
      throw new Error(`${where} memory grew from ${this.warmBytes} to ${this.memoryBytes} bytes`);
  }
}
