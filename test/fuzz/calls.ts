/**
 * Random calls of a sandbox, as a program makes them that now and then breaks the rules: frees twice, frees what was never
 * given, overwrites what is beside its blocks, passes numbers that are none, asks for more than there is. What is right is held
 * against a shadow. After every error the sandbox is either what it was, or says at each call that it has ended.
 */
import { strict as assert } from "node:assert";
import {
  type ModelInfo,
  models,
  type Options,
  OutOfMemory,
  openModel,
  type Sandbox,
  SandboxError,
} from "../../src/index.js";
import { Random } from "../random.js";
import type { Case, Fuzzer } from "./fuzzer.js";
import { alignedBytes } from "./known.js";
import { type Block, Shadow } from "./shadow.js";

/** What was done and really looked at. */
export type CallCounts = {
  /** Calls that were right, each held against the shadow. */
  operations: number;
  /** Calls that broke a rule, or came after one that did. */
  misuses: number;
  /** Of these, those that threw: the sandbox was what it was, */
  kept: number;
  /** or had ended. */
  ended: number;
  /** Times that a checkpoint was restored. */
  restores: number;
};

/** A call that is right, a look at everything, or a rule that is broken; the seed says which. */
export interface Call {
  do: "call" | "look" | "break";
  seed: number;
}

export interface CallSetting {
  model: string;
  options: Options;
  check?: boolean;
}

const MOST_LIVE = 300;
/** Calls between two times that rules are broken: each time costs as much as hundreds of calls. */
const PEACE = 1000;
const BREACHES = 6;
const ROUNDS = 5;
const KIB = 1024;

/** Settings of machines: large, and so small that what is asked for ends them. */
export const MACHINES: readonly Options[] = [
  {},
  { addressSpace: 64 * KIB * KIB },
  { memory: 8192 * KIB },
  { memory: 3072 * KIB, pageSize: 16 * KIB },
  { pageSize: 64 * KIB },
  { maxMaps: 40 },
  { kernel: "darwin" },
];

/** The machine of a seed that a model runs on. */
export function machineOf(seed: number, { only = {} }: Pick<ModelInfo, "only">): Options {
  const machines = MACHINES.filter((machine) => Object.keys(machine).every((name) => !(name in only)));
  return machines[seed % machines.length] as Options;
}

export const calls: Fuzzer<Call, CallSetting> = {
  cases(seed) {
    const model = models[seed % models.length] as ModelInfo;
    const options = machineOf(Math.floor(seed / models.length), model);
    return [{ setting: { model: model.name, options }, parts: randomCalls(seed) }];
  },

  async run({ setting: { model, options, check }, parts }: Case<Call, CallSetting>): Promise<CallCounts> {
    const sandbox = await openModel(model, check ? { ...options, check } : options);
    try {
      const program = new CallingProgram(sandbox, options.addressSpace ? LARGEST : LARGE);
      for (const part of parts) program.do(part);
      return program.counts;
    } finally {
      sandbox.close();
    }
  },
};

/** Calls that are right in rounds, and after each some that are not. */
export function randomCalls(seed: number, rounds = ROUNDS, peace = PEACE): Call[] {
  const random = new Random(seed);
  const some = (count: number, what: Call["do"]): Call[] =>
    Array.from({ length: count }, () => ({ do: what, seed: random.below(2 ** 32) }));
  const round = () => [...some(peace, "call"), ...some(1, "look"), ...some(BREACHES, "break")];
  return Array.from({ length: rounds }, round).flat();
}

/** Doublings of the largest block: of what is mapped the machine keeps a table, which each checkpoint copies. */
const LARGE = 36;
/** The same where there is no room for it. */
const LARGEST = 46;

class CallingProgram {
  readonly counts: CallCounts = { operations: 0, misuses: 0, kept: 0, ended: 0, restores: 0 };
  /** Of the part that runs, so that it does about the same when others are left out. */
  random = new Random(0);
  #shadow: Shadow;
  #home: { checkpoint: ReturnType<Sandbox["checkpoint"]>; shadow: Shadow };
  #freed: number[] = [];

  constructor(
    private readonly sandbox: Sandbox,
    private readonly doublings: number,
  ) {
    this.#shadow = new Shadow(sandbox);
    this.#home = this.#save();
  }

  do({ do: what, seed }: Call): void {
    this.random = new Random(seed);
    if (what === "call") this.#right();
    else if (what === "look") this.#look();
    else this.#wrong();
  }

  #look(): void {
    this.#shadow.verifyAll();
    this.sandbox.check();
    const { inUse, resident } = this.sandbox.counters().bytes;
    assert.ok(inUse >= this.#shadow.bytes, "what is in use is at least what was asked for");
    assert.ok(resident >= 0 && resident % this.sandbox.pageBytes === 0, "whole pages are resident");
    this.#home = this.#save();
  }

  // ---- What is right ----

  /** A call that is right, which may fail where memory ends. */
  #right(): void {
    try {
      this.counts.operations++;
      this.#call();
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
      // In the allocator it has ended. In an access of the program, which fills a block, nothing was changed.
      this.#expectKeptOrEnded(() => this.sandbox.check());
      this.#restore();
    }
  }

  #call(): void {
    const { random, sandbox } = this;
    const shadow = this.#shadow;
    const kind = shadow.blocks.length >= MOST_LIVE ? 6 + random.below(3) : random.below(13);
    if (kind < 3) this.#take(this.#size(), (bytes) => sandbox.malloc(bytes), {});
    else if (kind === 3) this.#take(this.#size(), (bytes) => sandbox.calloc(1, bytes), { isZeroed: true });
    else if (kind === 4) {
      const count = 1 + random.below(9);
      this.#take(this.#size() * count, (bytes) => sandbox.calloc(count, bytes / count), { isZeroed: true });
    } else if (kind === 5) {
      const align = 2 ** random.below(14);
      const bytes = alignedBytes(sandbox.model, this.#size());
      this.#take(bytes, () => sandbox.alignedAlloc(align, bytes), { align });
    } else if (shadow.blocks.length === 0) sandbox.free(0);
    else if (kind < 9) this.#free(random.pick(shadow.blocks));
    else if (kind === 9) this.#resize(random.pick(shadow.blocks), this.#size());
    else if (kind === 10) {
      const block = random.pick(shadow.blocks);
      assert.ok(sandbox.usableSize(block.pointer) >= block.bytes, "a block has what was asked for");
    } else if (kind === 11) this.#shadow.verify(random.pick(shadow.blocks));
    else this.#rarely();
  }

  #rarely(): void {
    const { random, sandbox } = this;
    const kind = random.below(5);
    if (kind === 0) sandbox.trim(random.below(2) * 65536);
    else if (kind === 1) sandbox.switchThread(1 + random.below(3));
    else if (kind === 2) sandbox.setClock(sandbox.clock + random.below(1e6));
    else if (kind === 3)
      this.#take(2 ** (20 + random.below(this.doublings - 20)), (bytes) => sandbox.malloc(bytes), {});
    else if (random.below(20) === 0) this.#home = this.#save();
  }

  #size(): number {
    const { random } = this;
    const kind = random.below(8);
    if (kind < 5) return random.below(400);
    return random.below(2 ** (6 + random.below(kind === 7 ? 15 : 10)));
  }

  #take(bytes: number, call: (bytes: number) => number, what: { align?: number; isZeroed?: boolean }): void {
    const pointer = call(bytes);
    if (pointer) this.#shadow.take(pointer, bytes, what);
    else assert.ok(bytes === 0 || this.sandbox.lastError, "a call that gives nothing says why");
  }

  #free(block: Block): void {
    this.#shadow.drop(block);
    this.sandbox.free(block.pointer);
    this.#freed[this.counts.operations % 16] = block.pointer;
  }

  #resize(block: Block, bytes: number): void {
    this.#shadow.verify(block);
    const moved = this.sandbox.realloc(block.pointer, bytes);
    if (!moved && bytes) {
      this.#shadow.verify(block);
      return;
    }
    this.#shadow.forget(block);
    if (moved) this.#shadow.take(moved, bytes, { kept: block });
  }

  // ---- What is wrong ----

  /** Breaks a rule and goes on for a while, each call by itself. Then all is as before it. */
  #wrong(): void {
    const { random, sandbox } = this;
    if (random.below(2) === 0) {
      this.#misuse(() => this.#misusing());
    } else {
      this.#overwrite();
      for (let i = 0; i < 5; i++) {
        if (this.#misuse(() => this.#blindly(random.below(2 ** 30))) === "ended") break;
      }
    }
    this.#restore();
    sandbox.check();
    this.#shadow.verifyAll();
  }

  /** A call that no program should make. */
  #misusing(): void {
    const { random, sandbox } = this;
    const pointer = this.#strangePointer();
    const kind = random.below(6);
    if (kind < 2) sandbox.free(pointer);
    else if (kind < 4) sandbox.realloc(pointer, this.#size());
    else if (kind === 4) sandbox.usableSize(pointer);
    else sandbox.store(pointer, 1, 8);
  }

  #strangePointer(): number {
    const { random } = this;
    const some = this.#freed.filter((pointer) => pointer !== undefined);
    const kind = random.below(5);
    if (kind < 2 && some.length > 0) return random.pick(some);
    if (kind < 4 && this.#shadow.blocks.length > 0) {
      const { pointer, bytes } = random.pick(this.#shadow.blocks);
      return Math.max(0, pointer + random.pick([8, 16, 1, -16, 64, bytes + 16, 4096]));
    }
    return random.pick([16, 4096, 2 ** 46, 2 ** 30, 2 ** 47 - 4096, 0x7ffff7d00010]);
  }

  /** Writes to what lies beside a block, where allocators have records. */
  #overwrite(): void {
    const { random, sandbox } = this;
    if (this.#shadow.blocks.length === 0) return;
    for (let i = 1 + random.below(3); i > 0; i--) {
      const { pointer, bytes } = random.pick(this.#shadow.blocks);
      const freed = random.pick(this.#freed.filter((one) => one !== undefined).concat(pointer));
      const at = random.pick([
        pointer - 8,
        pointer - 16,
        pointer + bytes,
        pointer + ((bytes + 15) & ~15) - 8,
        freed,
        freed + 8,
      ]);
      const value = random.pick([
        0n,
        0x21n,
        0x71n,
        0x1000n,
        BigInt(random.below(2 ** 32)),
        0xffffffffffffffffn,
      ]);
      try {
        sandbox.store(Math.max(0, at), value, 8);
      } catch {
        // Not mapped: nothing was written.
      }
    }
  }

  /** A call as if nothing had happened. */
  #blindly(seed: number): void {
    const random = new Random(seed);
    const { sandbox } = this;
    const { blocks } = this.#shadow;
    const kind = random.below(6);
    const { pointer } = blocks.length > 0 ? random.pick(blocks) : { pointer: 0 };
    if (kind === 0) sandbox.malloc(random.below(3000));
    else if (kind === 1) sandbox.calloc(1, random.below(3000));
    else if (kind < 4) sandbox.free(pointer);
    else if (kind === 4) sandbox.realloc(pointer, random.below(3000));
    else sandbox.trim();
  }

  /** Calls what may throw, and sees that then all is as before, or has ended. */
  #misuse(call: () => void): "passed" | "kept" | "ended" {
    const before = this.sandbox.checkpoint();
    const seen = look(this.sandbox);
    this.counts.misuses++;
    try {
      call();
      return "passed";
    } catch (error) {
      assert.ok(error instanceof Error, "what is thrown is an error");
      const how = this.#expectKeptOrEnded(() => assert.deepEqual(look(this.sandbox), seen, `after ${error}`));
      if (how === "kept") this.#expectSameFuture(before, `after ${error}`);
      return how;
    }
  }

  /** What is true of a sandbox that goes on is looked at by `expectKept`. */
  #expectKeptOrEnded(expectKept: () => void): "kept" | "ended" {
    try {
      this.sandbox.counters();
    } catch (error) {
      assert.ok(
        error instanceof SandboxError && error.message.startsWith("the machine has ended"),
        String(error),
      );
      for (const refused of callsOf(this.sandbox)) assert.throws(refused, SandboxError);
      this.counts.ended++;
      return "ended";
    }
    expectKept();
    this.counts.kept++;
    return "kept";
  }

  /** What it does now is what it does from the checkpoint. */
  #expectSameFuture(before: ReturnType<Sandbox["checkpoint"]>, when: string): void {
    const seed = this.random.below(2 ** 30);
    const now = this.sandbox.checkpoint();
    const one = future(this.sandbox, seed, this.#shadow.blocks);
    this.sandbox.restore(before);
    const other = future(this.sandbox, seed, this.#shadow.blocks);
    assert.deepEqual(one, other, `the future ${when}`);
    this.sandbox.restore(now);
  }

  // ---- Checkpoints ----

  #save() {
    return { checkpoint: this.sandbox.checkpoint(), shadow: this.#shadow.copy() };
  }

  #restore(): void {
    this.sandbox.restore(this.#home.checkpoint);
    this.#shadow = this.#home.shadow.copy();
    this.#freed = [];
    this.counts.restores++;
  }
}

/** What can be seen of a sandbox, but for what looking is counted as. */
function look(sandbox: Sandbox): unknown {
  const { bytes, zeroed, syscalls, walked, touched } = sandbox.counters();
  const { virtual, inUse, system, cached } = bytes;
  const resident = sandbox.machine.kernel === "darwin" ? 0 : bytes.resident;
  return {
    bytes: { virtual, inUse, system, cached, resident },
    ...{ allocator: zeroed.allocator, needless: zeroed.needless, syscalls, walked, written: touched.written },
    statistics: statisticsOf(sandbox),
    regions: sandbox.regions(),
  };
}

/** They are read off the heap, which may be broken. */
function statisticsOf(sandbox: Sandbox): unknown {
  try {
    return sandbox.statistics();
  } catch (error) {
    return String(error);
  }
}

/** What some calls come to: addresses, or errors. */
function future(sandbox: Sandbox, seed: number, blocks: readonly Block[]): unknown[] {
  const random = new Random(seed);
  const came: unknown[] = [];
  for (let i = 0; i < 24; i++) {
    const block = blocks.length > 0 ? random.pick(blocks) : undefined;
    const [kind, bytes] = [random.below(4), random.below(2 ** (4 + random.below(10)))];
    try {
      if (kind < 2 || !block) came.push(sandbox.malloc(bytes));
      else if (kind === 2) came.push(sandbox.free(block.pointer));
      else came.push(sandbox.realloc(block.pointer, bytes));
    } catch (error) {
      came.push(String(error));
    }
  }
  return came;
}

/** Calls that one that has ended refuses. */
function callsOf(sandbox: Sandbox): (() => unknown)[] {
  return [
    () => sandbox.malloc(8),
    () => sandbox.calloc(1, 8),
    () => sandbox.free(0),
    () => sandbox.realloc(0, 8),
    () => sandbox.usableSize(0),
    () => sandbox.load(4096),
    () => sandbox.counters(),
    () => sandbox.checkpoint(),
    () => sandbox.check(),
    () => sandbox.trim(),
    () => sandbox.regions(),
    () => sandbox.statistics(),
  ];
}
