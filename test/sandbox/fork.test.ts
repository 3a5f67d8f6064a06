/** Sandboxes of several processes on one machine. */
import { describe, expect, it } from "vitest";
import { models, openModel, openSandbox, readTrace, type Sandbox, SandboxError } from "../../src/index.js";
import { openChecked } from "../checked.js";
import { Random } from "../random.js";

const PAGE = 4096;
const MIB = 2 ** 20;
const FORKING = models.filter(({ kernel }) => kernel === "linux");

/** A program that notes every address it gets and what it finds in its blocks. */
class Program {
  #blocks: { pointer: number; bytes: number; mark: number }[] = [];
  readonly found: number[] = [];

  constructor(readonly sandbox: Sandbox) {}

  /** The same program in a child. */
  fork(): Program {
    const child = new Program(this.sandbox.fork());
    child.#blocks = [...this.#blocks];
    child.found.push(...this.found);
    return child;
  }

  run(random: Random, steps: number): void {
    for (let step = 0; step < steps; step++) {
      if (this.#blocks.length > 0 && random.below(5) < 2) this.#free(random.below(this.#blocks.length));
      else this.#allocate(random);
    }
  }

  #allocate(random: Random): void {
    const bytes = 1 + random.below([100, 1000, 10_000, 400_000][random.below(4)] as number);
    const pointer = random.below(2) ? this.sandbox.malloc(bytes) : this.sandbox.calloc(1, bytes);
    const mark = 1 + random.below(255);
    this.sandbox.store(pointer, mark);
    this.sandbox.store(pointer + bytes - 1, mark);
    this.#blocks.push({ pointer, bytes, mark });
    this.found.push(pointer);
  }

  #free(index: number): void {
    const [block] = this.#blocks.splice(index, 1);
    if (block === undefined) return;
    const { pointer, bytes } = block;
    this.found.push(this.sandbox.load(pointer), this.sandbox.load(pointer + bytes - 1));
    this.sandbox.free(pointer);
  }
}

describe.each(FORKING.map(({ name }) => name))("%s in a parent and a child", (model) => {
  it("does in each what it would do alone, whichever runs when", async () => {
    const seed = 0xf04c;
    const [before, mine, its] = [seed, seed + 1, seed + 2];
    const alone = async (after: number) => {
      const program = new Program(await openModel(model, { check: true }));
      program.run(new Random(before), 120);
      program.run(new Random(after), 90);
      return program.found;
    };
    const parent = new Program(await openChecked(model));
    parent.run(new Random(before), 120);
    const child = parent.fork();
    const [parents, childs] = [new Random(mine), new Random(its)];
    for (let turn = 0; turn < 9; turn++) {
      parent.run(parents, 10);
      child.run(childs, 10);
    }
    child.sandbox.check();
    expect(parent.found).toEqual(await alone(mine));
    expect(child.found).toEqual(await alone(its));
    child.sandbox.close();
  });
});

describe("a forked sandbox", () => {
  it("shares frames until one side writes, and copies what the other still has", async () => {
    const parent = await openChecked("naive");
    const block = parent.malloc(64 * PAGE);
    parent.touch(block, 64 * PAGE);
    const all = parent.setSizes().resident;
    const child = parent.fork();
    expect(child.setSizes()).toEqual({ resident: all, proportional: all / 2, unique: 0 });
    const before = parent.counters();
    child.touch(block, 8 * PAGE, "write");
    expect(parent.sharing()).toMatchObject({ forks: 1, copies: 8, reuses: 0, copiedBytes: 8 * PAGE });
    expect(parent.counters().faults.copyOnWrite - before.faults.copyOnWrite).toBe(8);
    expect(parent.counters().zeroed).toEqual(before.zeroed);
    parent.touch(block, 8 * PAGE, "write");
    expect(parent.sharing()).toMatchObject({ copies: 8, reuses: 8 });
    expect(parent.setSizes()).toMatchObject({ resident: all, unique: 8 * PAGE });
    child.close();
    expect(parent.setSizes()).toEqual({ resident: all, proportional: all, unique: all });
    expect(parent.counters().bytes.resident).toBe(all);
  });

  it("keeps what each side wrote to itself", async () => {
    const parent = await openChecked("glibc");
    const block = parent.malloc(100);
    parent.store(block, 1);
    const child = parent.fork();
    child.store(block, 2);
    expect([parent.load(block), child.load(block)]).toEqual([1, 2]);
    const grandchild = child.fork();
    grandchild.store(block, 3);
    expect([parent.load(block), child.load(block), grandchild.load(block)]).toEqual([1, 2, 3]);
    expect([parent.process, child.process, grandchild.process]).toEqual([1, 2, 3]);
    child.close();
    expect([parent.load(block), grandchild.load(block)]).toEqual([1, 3]);
    grandchild.close();
  });

  it("costs kilobytes of the host, however much its parent has", async () => {
    const parent = await openSandbox("naive", { memory: 0 });
    const bytes = 64 * 2 ** 30;
    parent.touch(parent.malloc(bytes), bytes);
    parent.fork().close();
    const before = parent.hostBytes;
    const children = Array.from({ length: 4 }, () => parent.fork());
    expect(parent.hostBytes - before).toBeLessThan(8 * MIB);
    expect(children[3]?.setSizes().resident).toBeGreaterThanOrEqual(bytes);
    expect(parent.sharing().forkedPages).toBeGreaterThanOrEqual((5 * bytes) / PAGE);
  });

  it("leaves nothing when it is closed", async () => {
    const parent = await openChecked("glibc");
    const block = parent.malloc(5 * MIB);
    parent.fill(block, 1, MIB);
    parent.touch(block + MIB, 4 * MIB);
    const before = parent.counters().bytes;
    for (let round = 0; round < 20; round++) {
      const child = parent.fork();
      child.fill(block, 2, 2 * MIB);
      child.free(block);
      child.malloc(9 * MIB);
      child.close();
    }
    const { virtual, resident } = parent.counters().bytes;
    expect({ virtual, resident }).toEqual({ virtual: before.virtual, resident: before.resident });
    const { hostBytes } = parent;
    parent.fork().close();
    expect(parent.hostBytes).toBe(hostBytes);
    expect(parent.isZero(block + 2 * MIB, 3 * MIB)).toBe(true);
  });

  it("does not get what it is not to get, or gets it empty", async () => {
    const parent = await openChecked("naive");
    const secret = parent.malloc(4 * PAGE);
    const start = Math.ceil(secret / PAGE) * PAGE;
    parent.store(start, 1);
    parent.advise(start, PAGE, "wipeOnFork");
    expect(parent.fork().load(start)).toBe(0);
    parent.advise(start, PAGE, "keepOnFork");
    expect(parent.fork().load(start)).toBe(1);
    parent.advise(start, PAGE, "dontFork");
    const child = parent.fork();
    expect(() => child.load(start)).toThrow("read of unmapped address");
    expect(parent.load(start)).toBe(1);
    expect(() => parent.advise(start + 1, PAGE, "dontFork")).toThrow(SandboxError);
  });

  it("says so when it has ended, and where nothing forks", async () => {
    const parent = await openChecked("naive");
    const child = parent.fork();
    child.close();
    expect(() => child.malloc(1)).toThrow("the sandbox is closed: open another");
    const darwin = await openChecked("libmalloc");
    expect(() => darwin.fork()).toThrow("Darwin does not fork");
  });

  it("is gone when a checkpoint from before it is restored", async () => {
    const parent = await openChecked("glibc");
    const checkpoint = parent.checkpoint();
    const child = parent.fork();
    child.malloc(1);
    parent.restore(checkpoint);
    expect(() => child.malloc(1)).toThrow("process 2 has ended");
    expect(parent.malloc(1)).toBeGreaterThan(0);
  });
});

describe("what a program asks of the kernel", () => {
  const open = async () => {
    const sandbox = await openChecked("naive");
    const start = Math.ceil(sandbox.malloc(64 * PAGE) / PAGE) * PAGE;
    return { sandbox, start };
  };

  it("is that its pages are faulted in, before it uses them", async () => {
    const { sandbox, start } = await open();
    const before = sandbox.counters();
    sandbox.advise(start, 8 * PAGE, "populateRead");
    sandbox.advise(start, 4 * PAGE, "populateWrite");
    const { faults } = sandbox.counters();
    expect(faults.zeroMap - before.faults.zeroMap).toBe(8);
    expect(faults.copyOnWrite - before.faults.copyOnWrite).toBe(4);
    sandbox.store(start, 1);
    expect(sandbox.counters().faults).toEqual(faults);
  });

  it("is that what it freed is taken at once", async () => {
    const { sandbox, start } = await open();
    sandbox.fill(start, 7, 4 * PAGE);
    sandbox.advise(start, 2 * PAGE, "free");
    sandbox.advise(start, 4 * PAGE, "cold");
    sandbox.advise(start, 4 * PAGE, "pageOut");
    expect([sandbox.load(start), sandbox.load(start + 2 * PAGE)]).toEqual([0, 7]);
  });

  it("is that accesses are refused, which then change nothing", async () => {
    const { sandbox, start } = await open();
    sandbox.fill(start, 7, 4 * PAGE);
    sandbox.protect(start + PAGE, PAGE, "read");
    sandbox.protect(start + 2 * PAGE, PAGE, "none");
    expect(sandbox.load(start + PAGE)).toBe(7);
    expect(() => sandbox.store(start + PAGE, 1)).toThrow("write of protected address");
    expect(() => sandbox.load(start + 2 * PAGE)).toThrow("read of protected address");
    expect(() => sandbox.fill(start, 1, 2 * PAGE)).toThrow("write of protected address");
    expect(sandbox.load(start)).toBe(7);
    expect(() => sandbox.advise(start + PAGE, PAGE, "populateWrite")).toThrow(SandboxError);
    const { faults } = sandbox.counters();
    sandbox.protect(start, 4 * PAGE, "readWrite");
    sandbox.fill(start, 8, 4 * PAGE);
    expect(sandbox.counters().faults).toEqual(faults);
    expect(() => sandbox.protect(start + 1, PAGE, "read")).toThrow(SandboxError);
  });

  it("is a child's, too", async () => {
    const { sandbox, start } = await open();
    sandbox.store(start, 1);
    sandbox.protect(start, PAGE, "read");
    const child = sandbox.fork();
    expect(() => child.store(start, 2)).toThrow("write of protected address");
    child.protect(start, PAGE, "readWrite");
    child.store(start, 2);
    expect(() => sandbox.store(start, 3)).toThrow("write of protected address");
    expect([sandbox.load(start), child.load(start)]).toEqual([1, 2]);
  });
});

describe("a trace of several processes", () => {
  const trace = (text: string) => readTrace(new TextEncoder().encode(text));

  it("runs each operation in its process", async () => {
    const sandbox = await openChecked("glibc");
    await sandbox.replay(
      await trace("a 1 262144\nw 1 0 262144\nF 2\nw 1 0 131072\nP 2\nw 1 0 262144\na 2 64\nf 1\nX\nf 1\n"),
    );
    // The block has 65 pages. The parent copies 33, of which the child's are then its own, and the child the other 32, and
    // the page of the heap that it allocates in.
    expect(sandbox.sharing()).toMatchObject({ forks: 1, copies: 33 + 32 + 1, reuses: 33 });
    expect(sandbox.setSizes().proportional).toBe(sandbox.counters().bytes.resident);
  });

  it("can end its first process, and goes on as another", async () => {
    const sandbox = await openChecked("glibc");
    await sandbox.replay(await trace("a 1 64\nF 2\nX\na 2 64\nf 1\nf 2\n"));
    expect(sandbox.process).toBe(2);
    expect(sandbox.malloc(64)).toBeGreaterThan(0);
  });
});
