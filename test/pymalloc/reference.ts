/**
 * pymalloc a second time, from the same rules and as plainly as can be: lists are arrays, and an arena finds its place by
 * walking. It is told what the kernel and the allocator below return, and says every address and every call.
 */

export interface Release {
  name: string;
  arenaBytes: number;
  poolBytes: number;
  step: number;
  keepsLast: boolean;
  /** Bits of the levels of the tree of addresses below the root, from the lowest bit of the bottom; absent before 3.10. */
  tree?: { bottom: number; middle: number; root: number };
  /** Whether calloc is of Python's objects. */
  hasCalloc: boolean;
}

const KIB = 1024;
const SMALL = { arenaBytes: 256 * KIB, poolBytes: 4 * KIB, step: 16, keepsLast: false, hasCalloc: true };
const LARGE = { ...SMALL, arenaBytes: 1024 * KIB, poolBytes: 16 * KIB, keepsLast: true };

export const RELEASES: readonly Release[] = [
  { ...SMALL, name: "2.7", hasCalloc: false },
  { ...SMALL, name: "3.6" },
  { ...SMALL, name: "3.7" },
  { ...SMALL, name: "3.8" },
  { ...SMALL, name: "3.9", keepsLast: true },
  { ...LARGE, name: "3.10", tree: { bottom: 20, middle: 28, root: 38 } },
  { ...LARGE, name: "3.11", tree: { bottom: 20, middle: 34, root: 49 } },
];

const HEADER = 48;
const MOST = 512;
const OBJECT = 48;

interface Pool {
  address: number;
  arena: Arena;
  bytes: number;
  count: number;
  /** Last in, first out. */
  free: number[];
  virgin: number;
}

interface Arena {
  index: number;
  address: number;
  carve: number;
  free: number;
  total: number;
  freed: Pool[];
}

/** Answers a call: `map` with the address of an arena, others with that of a block. */
export type Answer = (call: string) => number;

export class Reference {
  readonly #used = new Map<number, Pool[]>();
  readonly #pools = new Map<number, Pool>();
  readonly #nodes = new Set<string>();
  #usable: Arena[] = [];
  #unused: number[] = [];
  #objects = 0;
  #array = 0;

  constructor(
    private readonly release: Release,
    private readonly answer: Answer,
  ) {}

  malloc(bytes: number): number {
    return this.#isSmall(bytes) ? this.#take(bytes) : this.answer(`malloc ${Math.max(bytes, 1)}`);
  }

  calloc(bytes: number): number {
    const { hasCalloc } = this.release;
    if (hasCalloc && this.#isSmall(bytes)) return this.#take(bytes);
    return this.answer(`calloc ${hasCalloc ? Math.max(bytes, 1) : bytes}`);
  }

  realloc(pointer: number, bytes: number): number {
    if (!pointer) return this.malloc(bytes);
    const pool = this.#poolOf(pointer);
    if (!pool) return this.answer(`realloc ${pointer} ${Math.max(bytes, 1)}`);
    if (bytes <= pool.bytes && 4 * bytes > 3 * pool.bytes) return pointer;
    const moved = this.malloc(bytes);
    this.#give(pool, pointer);
    return moved;
  }

  free(pointer: number): void {
    const pool = this.#poolOf(pointer);
    if (pool) this.#give(pool, pointer);
    else if (pointer) this.answer(`free ${pointer}`);
  }

  #isSmall(bytes: number): boolean {
    return bytes >= 1 && bytes <= MOST;
  }

  #poolOf(pointer: number): Pool | undefined {
    return this.#pools.get(pointer - (pointer % this.release.poolBytes));
  }

  #list(bytes: number): Pool[] {
    const list = this.#used.get(bytes) ?? [];
    this.#used.set(bytes, list);
    return list;
  }

  #take(bytes: number): number {
    const { step } = this.release;
    const block = Math.ceil(bytes / step) * step;
    const list = this.#list(block);
    const [pool] = list;
    if (!pool) return this.#begin(block);
    pool.count++;
    const taken = pool.free.pop() as number;
    if (pool.free.length === 0 && !this.#prepare(pool)) list.shift();
    return taken;
  }

  #prepare(pool: Pool): boolean {
    if (pool.virgin + pool.bytes > pool.address + this.release.poolBytes) return false;
    pool.free.push(pool.virgin);
    pool.virgin += pool.bytes;
    return true;
  }

  #begin(bytes: number): number {
    const pool = this.#takePool();
    this.#list(bytes).unshift(pool);
    pool.count = 1;
    if (pool.bytes === bytes) return pool.free.pop() as number;
    const first = pool.address + HEADER;
    pool.bytes = bytes;
    pool.free = [first + bytes];
    pool.virgin = first + 2 * bytes;
    return first;
  }

  #takePool(): Pool {
    if (this.#usable.length === 0) this.#usable = [this.#makeArena()];
    const [arena] = this.#usable as [Arena];
    arena.free--;
    if (arena.free === 0) this.#usable.shift();
    const freed = arena.freed.pop();
    if (freed) return freed;
    const pool = { address: arena.carve, arena, bytes: 0, count: 0, free: [], virgin: 0 };
    arena.carve += this.release.poolBytes;
    this.#pools.set(pool.address, pool);
    return pool;
  }

  #makeArena(): Arena {
    const { arenaBytes, poolBytes } = this.release;
    if (this.#unused.length === 0) this.#growArray();
    const index = this.#unused.shift() as number;
    const address = this.answer("map");
    this.#addToTree(address);
    const carve = Math.ceil(address / poolBytes) * poolBytes;
    const total = Math.floor((address + arenaBytes - carve) / poolBytes);
    return { index, address, carve, free: total, total, freed: [] };
  }

  #growArray(): void {
    const more = this.#objects ? 2 * this.#objects : 16;
    this.#array = this.answer(`realloc ${this.#array} ${OBJECT * more}`);
    for (let i = this.#objects; i < more; i++) this.#unused.push(i);
    this.#objects = more;
  }

  #addToTree(address: number): void {
    const { tree, arenaBytes } = this.release;
    if (!tree) return;
    const ends = address % arenaBytes ? [address, address + arenaBytes] : [address];
    for (const end of ends) {
      this.#node(`middle ${Math.floor(end / 2 ** tree.root)}`, 2 ** (tree.root - tree.middle));
      this.#node(`bottom ${Math.floor(end / 2 ** tree.middle)}`, 2 ** (tree.middle - tree.bottom));
    }
  }

  #node(name: string, entries: number): void {
    if (!this.#nodes.has(name)) this.answer(`calloc ${8 * entries}`);
    this.#nodes.add(name);
  }

  #give(pool: Pool, block: number): void {
    const wasFull = pool.free.length === 0;
    pool.free.push(block);
    pool.count--;
    const list = this.#list(pool.bytes);
    if (wasFull) {
      list.unshift(pool);
    } else if (pool.count === 0) {
      list.splice(list.indexOf(pool), 1);
      pool.arena.freed.push(pool);
      this.#move(pool.arena);
    }
  }

  /** An arena has one more free pool. */
  #move(arena: Arena): void {
    const free = ++arena.free;
    const others = this.#usable.filter((one) => one !== arena);
    const follows = this.#usable.at(-1) !== arena && this.#usable.includes(arena);
    if (free === arena.total && (!this.release.keepsLast || follows)) {
      this.#usable = others;
      this.#release(arena);
    } else if (free === 1) {
      this.#usable = [arena, ...others];
    } else {
      let at = this.#usable.indexOf(arena);
      while (at < others.length && (others[at] as Arena).free < free) at++;
      this.#usable = [...others.slice(0, at), arena, ...others.slice(at)];
    }
  }

  #release(arena: Arena): void {
    this.answer(`unmap ${arena.address}`);
    this.#unused.unshift(arena.index);
    for (const [address, pool] of this.#pools) if (pool.arena === arena) this.#pools.delete(address);
  }
}
