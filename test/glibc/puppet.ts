/** One way to drive the real allocator and the model alike, call by call, so that a case is written once for both. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Sandbox } from "../../src/sandbox/sandbox.js";
import { findLibrary } from "../oracle/library.js";
import { MALLINFO } from "../oracle/observation.js";
import { MODELLED_GLIBC } from "../oracle/oracle.js";

const PAGE = 4096;
/** assembly/machine/layout.ts: LINUX_HEAP_START and LINUX_MMAP_TOP. */
const HEAP_START = 0x555555560000;
const MAP_TOP = 0x7ffff7ff0000;

type Awaitable<T> = T | Promise<T>;

/** Pointers and sizes are numbers, the words of memory are not: flags and mangled links need all 64 bits. */
export interface Heap {
  malloc(bytes: number): Awaitable<number>;
  calloc(count: number, bytes: number): Awaitable<number>;
  aligned(align: number, bytes: number): Awaitable<number>;
  realloc(pointer: number, bytes: number): Awaitable<number>;
  free(pointer: number): Awaitable<unknown>;
  usable(pointer: number): Awaitable<number>;
  trim(pad: number): Awaitable<number>;
  load(address: number): Awaitable<bigint>;
  store(address: number, value: bigint): Awaitable<unknown>;
  /** Fields of mallinfo2, in its order. */
  mallinfo(): Awaitable<number[]>;
  /** Keeps the break from moving further than so many bytes, which are whole pages. The heap must have begun. */
  stopBreak(bytes: number): Awaitable<unknown>;
  /** Keeps the kernel from cutting an area in two. */
  fillAreas(): Awaitable<unknown>;
}

export class SandboxHeap implements Heap {
  #hidden: Record<string, number> = {};

  constructor(private readonly sandbox: Sandbox) {}

  malloc = (bytes: number) => this.sandbox.malloc(bytes);
  calloc = (count: number, bytes: number) => this.sandbox.calloc(count, bytes);
  aligned = (align: number, bytes: number) => this.sandbox.alignedAlloc(align, bytes);
  realloc = (pointer: number, bytes: number) => this.sandbox.realloc(pointer, bytes);
  free = (pointer: number) => this.sandbox.free(pointer);
  usable = (pointer: number) => this.sandbox.usableSize(pointer);
  trim = (pad: number) => Number(this.sandbox.trim(pad));
  load = (address: number) => this.sandbox.load(address, 8);
  store = (address: number, value: bigint) => this.sandbox.store(address, value, 8);
  mallinfo = () => {
    const statistics = this.sandbox.statistics();
    return MALLINFO.map((name) => (statistics[name] as number) - (this.#hidden[name] ?? 0));
  };

  /** Has the model map all the room above; which is then left out of mallinfo. The machine must have memory without limit. */
  stopBreak = (bytes: number) => {
    // One page further up, which the kernel keeps free.
    const end = HEAP_START + (this.sandbox.statistics().arena as number) + bytes + PAGE;
    const pages = MAP_TOP - end;
    if (this.sandbox.malloc(pages - 24) !== end + 16) throw new Error("the room above the heap is not free");
    this.#hidden = { hblks: 1, hblkhd: pages };
  };

  /** Does nothing: the machine's `maxMaps` must be the number of its areas. */
  fillAreas = () => undefined;
}

const binaries = new Map<string, string>();

/** Builds the program, linked to the library of a release that was fetched, else to the system's. */
function build(version: string): string {
  const output = join(mkdtempSync(join(tmpdir(), "puppet-")), "puppet");
  const source = fileURLToPath(new URL("puppet.c", import.meta.url));
  const flags = findLibrary(version)?.flags ?? [];
  execFileSync("cc", ["-O1", "-fno-builtin", "-Wall", "-Wextra", ...flags, "-o", output, source]);
  return output;
}

/** The process ended in the middle of a command. */
export class Died extends Error {
  constructor(
    readonly signal: string | null,
    /** What it said. */
    readonly text: string,
  ) {
    super(`${signal}: ${text}`);
  }
}

/** A real malloc, in a process of its own. Needs a C compiler named cc. */
export class RealHeap implements Heap {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  readonly #ended: Promise<NodeJS.Signals | null>;
  #text = "";

  constructor(environment: Record<string, string> = {}, version = MODELLED_GLIBC) {
    const binary = binaries.get(version) ?? build(version);
    binaries.set(version, binary);
    this.#child = spawn(binary, { env: environment });
    this.#ended = new Promise((resolve) => this.#child.once("close", (_, signal) => resolve(signal)));
    this.#child.stdin.on("error", () => {}); // it may die before it has read everything
    this.#child.stderr.on("data", (text) => {
      this.#text += text;
    });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async #ask(command: string, ...operands: (number | bigint)[]): Promise<bigint> {
    this.#child.stdin.write(`${[command, ...operands].join(" ")}\n`);
    const { done, value } = await this.#answers.next();
    if (done) throw new Died(await this.#ended, this.#text.trimEnd());
    return BigInt(value);
  }

  async #number(command: string, ...operands: (number | bigint)[]): Promise<number> {
    return Number(await this.#ask(command, ...operands));
  }

  malloc = (bytes: number) => this.#number("m", bytes);
  calloc = (count: number, bytes: number) => this.#number("c", count, bytes);
  aligned = (align: number, bytes: number) => this.#number("a", align, bytes);
  realloc = (pointer: number, bytes: number) => this.#number("r", pointer, bytes);
  free = (pointer: number) => this.#number("f", pointer);
  usable = (pointer: number) => this.#number("u", pointer);
  trim = (pad: number) => this.#number("t", pad);
  stopBreak = (bytes: number) => this.#number("k", bytes);
  fillAreas = () => this.#number("n");
  load = (address: number) => this.#ask("l", address);
  store = (address: number, value: bigint) => this.#ask("s", address, BigInt.asUintN(64, value));
  mallinfo = () =>
    MALLINFO.reduce<Promise<number[]>>(
      async (before, _, field) => [...(await before), await this.#number("i", field)],
      Promise.resolve([]),
    );

  /** Ends it. Returns what malloc_stats writes. */
  async stats(): Promise<string> {
    await this.#ask("S");
    await this.close();
    return this.#text;
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }
}
