/** What becomes of sandboxes when physical memory ends, and the largest process is killed. */
import { describe, expect, it } from "vitest";
import {
  models,
  OptionError,
  OutOfMemory,
  openModel,
  openSandbox,
  ProcessKilled,
  readTrace,
  replayTrace,
  SandboxError,
} from "../../src/index.js";

const MIB = 2 ** 20;
const PAGE = 4096;
const KILLING = models.filter(({ hasPlacement }) => hasPlacement).map(({ name }) => name);

const open = (model: string, memory = 32 * MIB) =>
  openModel(model, { check: true, oom: "killLargest", memory, overcommit: "always" });

describe.each(KILLING)("on the machine of %s", (model) => {
  it("the largest process is killed when another one needs memory, which goes on", async () => {
    const parent = await open(model);
    const [small, large] = [parent.fork(), parent.fork()];
    const block = small.malloc(4 * MIB);
    small.fill(block, 7, 4 * MIB);
    large.touch(large.malloc(20 * MIB), 20 * MIB);
    const had = large.setSizes().resident;
    const more = parent.malloc(12 * MIB);
    parent.touch(more, 12 * MIB);
    expect(parent.killed()).toEqual([
      { process: large.process, residentBytes: had, neededBy: parent.process },
    ]);
    parent.check();
    expect(parent.counters().bytes.resident).toBeLessThan(20 * MIB);
    expect(small.fillEnd(block, 7, 4 * MIB)).toBe(4 * MIB);
    expect(() => large.malloc(1)).toThrow(ProcessKilled);
    expect(() => large.load(block)).toThrow(
      `process ${large.process} was killed when memory ended, for it had the most`,
    );
    large.close();
    small.free(block);
    parent.check();
  });

  it("the process that needs memory is killed if it has the most, and others go on", async () => {
    const parent = await open(model);
    const block = parent.malloc(4 * MIB);
    parent.fill(block, 9, 4 * MIB);
    const before = parent.counters().bytes;
    const child = parent.fork();
    const large = child.malloc(64 * MIB);
    let error: unknown;
    try {
      child.touch(large, 64 * MIB);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ProcessKilled);
    expect(error).toBeInstanceOf(OutOfMemory);
    expect(error).toMatchObject({ process: child.process });
    expect(parent.killed()).toMatchObject([{ process: child.process, neededBy: child.process }]);
    // It had all that was free.
    expect(parent.killed()[0]?.residentBytes).toBeGreaterThan(24 * MIB);
    expect(() => child.touch(large, 1)).toThrow(ProcessKilled);
    parent.check();
    expect(parent.counters().bytes).toMatchObject({ virtual: before.virtual, resident: before.resident });
    expect(parent.fillEnd(block, 9, 4 * MIB)).toBe(4 * MIB);
    parent.free(block);
    expect(parent.malloc(100)).toBeGreaterThan(0);
  });

  it("in the middle of what an allocator does, too", async () => {
    const parent = await open(model);
    const child = parent.fork();
    // Cleared by the allocator, or by the program if it leaves that to the kernel.
    expect(() => child.fill(child.calloc(1, 40 * MIB), 1, 40 * MIB)).toThrow(ProcessKilled);
    parent.check();
    const block = parent.calloc(1, 8 * MIB);
    expect(parent.isZero(block, 8 * MIB)).toBe(true);
    parent.free(block);
    parent.check();
  });

  it("leaks nothing, however many are killed", async () => {
    const parent = await open(model, 8 * MIB);
    const round = () => {
      const child = parent.fork();
      const block = child.malloc(20 * MIB);
      expect(() => child.touch(block, 20 * MIB)).toThrow(ProcessKilled);
      child.close();
    };
    for (let i = 0; i < 5; i++) round();
    const { virtual, resident } = parent.counters().bytes;
    const { hostBytes } = parent;
    for (let i = 0; i < 30; i++) round();
    expect(parent.counters().bytes).toMatchObject({ virtual, resident });
    expect(parent.hostBytes).toBe(hostBytes);
    expect(new Set(parent.killed().map(({ process }) => process)).size).toBe(35);
    parent.check();
  });
});

describe("who is killed", () => {
  it("of processes that have as much is the one with the highest number", async () => {
    const parent = await open("naive");
    const children = [parent.fork(), parent.fork(), parent.fork()];
    for (const child of children) child.touch(child.malloc(9 * MIB), 9 * MIB);
    parent.touch(parent.malloc(8 * MIB), 8 * MIB);
    expect(parent.killed().map(({ process }) => process)).toEqual([4]);
  });

  it("may be the first, whose child goes on", async () => {
    const parent = await open("naive");
    const child = parent.fork();
    parent.touch(parent.malloc(20 * MIB), 20 * MIB);
    child.touch(child.malloc(16 * MIB), 16 * MIB);
    expect(child.killed().map(({ process }) => process)).toEqual([1]);
    expect(() => parent.counters()).toThrow(ProcessKilled);
    child.check();
    expect(child.counters().bytes.resident).toBeLessThan(17 * MIB);
  });

  it("is nobody where there is one process: then memory is out, and the machine has ended", async () => {
    const sandbox = await open("naive");
    const block = sandbox.malloc(64 * MIB);
    const told = () => sandbox.touch(block, 64 * MIB);
    expect(told).toThrow("out of physical memory");
    expect(told).not.toThrow(ProcessKilled);
    expect(sandbox.killed()).toEqual([]);
  });

  it("is nobody unless it is asked for", async () => {
    const sandbox = await openSandbox("naive", { memory: 32 * MIB, overcommit: "always" });
    const child = sandbox.fork();
    const block = child.malloc(64 * MIB);
    expect(() => child.touch(block, 64 * MIB)).toThrow("out of physical memory");
    expect(sandbox.killed()).toEqual([]);
    await expect(openModel("libmalloc", { oom: "killLargest" })).rejects.toThrow(OptionError);
  });

  it("gives its share of frames back: who has them still need not copy them", async () => {
    const parent = await open("naive", 10 * MIB);
    const block = parent.malloc(8 * MIB);
    parent.touch(block, 8 * MIB);
    const child = parent.fork();
    parent.touch(block, 8 * MIB);
    const { copies, reuses } = parent.sharing();
    expect(parent.killed()).toEqual([{ process: 2, residentBytes: expect.any(Number), neededBy: 1 }]);
    expect(copies * PAGE).toBeLessThanOrEqual(2 * MIB);
    expect(copies + reuses).toBeGreaterThanOrEqual((8 * MIB) / PAGE);
    expect(() => child.counters()).toThrow(ProcessKilled);
    parent.check();
  });

  it("is there again when a checkpoint is restored", async () => {
    const parent = await open("naive");
    const child = parent.fork();
    child.touch(child.malloc(20 * MIB), 20 * MIB);
    const checkpoint = parent.checkpoint();
    parent.touch(parent.malloc(16 * MIB), 16 * MIB);
    expect(() => child.counters()).toThrow(ProcessKilled);
    parent.restore(checkpoint);
    expect(parent.killed()).toEqual([]);
    expect(child.setSizes().resident).toBeGreaterThanOrEqual(20 * MIB);
  });
});

describe("a trace in which a process is killed", () => {
  const size = (mib: number) => mib * MIB;
  const replay = async (text: string) => {
    const sandbox = await open("naive");
    const done = sandbox.replay(await readTrace(text), { touch: "pages" });
    return { sandbox, done };
  };
  /** A child gets 20 MiB, and then the parent 16. */
  const KILLS = `a 1 100\nF 2\nP 2\na 2 ${size(20)}\nP 1\na 3 ${size(16)}\n`;

  it("goes on without it", async () => {
    const { sandbox, done } = await replay(`${KILLS}f 3\na 4 100\n`);
    await expect(done).resolves.toMatchObject({ failedAllocations: 0 });
    expect(sandbox.killed()).toMatchObject([{ process: 2, neededBy: 1 }]);
    sandbox.check();
  });

  it("has it among the notes of its result", async () => {
    const options = { oom: "killLargest", memory: 32 * MIB } as const;
    const { result } = await replayTrace({
      ...{ model: "naive", options, trace: await readTrace(KILLS), touch: "pages" },
    });
    expect(result.notes).toEqual([
      expect.stringMatching(
        /^process 2 was killed when memory ended, for it had the most, 2\d{7} bytes: raise the option memory$/,
      ),
    ]);
  });

  it("is over with the next line that is its own, which says why", async () => {
    const { sandbox, done } = await replay(`${KILLS}P 2\nf 2\n`);
    await expect(done).rejects.toThrow("operation 7: process 2 was killed when memory ended");
    await expect(done).rejects.toBeInstanceOf(ProcessKilled);
    // The machine goes on, in the process that ran.
    expect(sandbox.process).toBe(1);
    sandbox.check();
  });

  it("is over, too, if that follows another's end", async () => {
    const text = `F 2\nP 2\na 1 100\nP 1\na 2 ${size(20)}\nP 2\na 3 ${size(8)}\nF 3\nP 3\na 4 ${size(8)}\nP 2\nX\na 5 1\n`;
    const { sandbox, done } = await replay(text);
    await expect(done).rejects.toThrow("operation 12: process 1 was killed");
    expect(sandbox.process).toBe(3);
    sandbox.check();
  });

  it("is over where the process that runs is killed", async () => {
    const { sandbox, done } = await replay(`F 2\nP 2\na 1 ${size(64)}\nf 1\nX\n`);
    await expect(done).rejects.toThrow("operation 3: process 2 was killed");
    expect(sandbox.malloc(100)).toBeGreaterThan(0);
    expect(() => sandbox.fork().close()).not.toThrow(SandboxError);
    sandbox.check();
  });
});
