/** The scenarios on modules in a Worker: the same as outside, and where a module is hostile, nothing but an error. */
import { describe, expect, it } from "vitest";
import { scenariosInJail } from "../../src/foreign.js";
import {
  findCliffs,
  LimitExceeded,
  ModuleTrap,
  readTrace,
  replayTrace,
  runCallocLoop,
  type Trace,
  TraceError,
  type TraceRun,
} from "../../src/index.js";
import { openTrace } from "../foreign/replays.js";

const MIB = 2 ** 20;
const pathOf = (name: string) => new URL(`../foreign/built/${name}.wasm`, import.meta.url).href;
const textTrace = (text: string) => readTrace(new TextEncoder().encode(text));

const inside = scenariosInJail();

/** All of a result but how long it took. */
const exact = <Result extends { hostSeconds: number }>(result: Result) => ({ ...result, hostSeconds: 0 });

describe("a module in jail", () => {
  it("runs Benfield's loop as outside", async () => {
    const loop = { model: pathOf("as-tlsf"), bytes: 5 * MIB, count: 300, written: 0.25 };
    const heard = { inside: [] as number[][], outside: [] as number[][] };
    const one = await inside.runCallocLoop({ ...loop, onProgress: (...n) => heard.inside.push(n) });
    const other = await runCallocLoop({ ...loop, onProgress: (...n) => heard.outside.push(n) });
    expect(exact(one)).toEqual(exact(other));
    expect(one.counters.zeroed.allocator).toBe(300 * 5 * MIB);
    expect(heard.inside).toEqual(heard.outside);
    // After a GiB, so that a module that works is not taken for one that hangs; and while its kind of cost is found.
    expect(heard.inside[0]).toEqual([205, 300]);
    expect(heard.inside.slice(-10)).toEqual(Array(10).fill([300, 300]));
  });

  it("is known by its name if it is built in", async () => {
    const loop = { bytes: MIB, count: 10, written: 0 };
    const named = await inside.runCallocLoop({ ...loop, model: "as-tlsf" });
    expect(named.allocator).toBe("as-tlsf");
    expect(named.counters.zeroed.allocator).toBeGreaterThanOrEqual(10 * MIB);
    expect(exact(named)).toEqual(exact(await runCallocLoop({ ...loop, model: "as-tlsf" })));
  });

  it("has the cliffs it has outside", async () => {
    const range = { model: pathOf("as-tlsf"), from: 1024, to: 64 * 1024 };
    const heard: number[] = [];
    const found = await inside.findCliffs({ ...range, onProgress: (done) => heard.push(done) });
    expect(found).toEqual(await findCliffs(range));
    expect(heard).toEqual(heard.map((_, i) => i + 1));
    expect(heard.length).toBeGreaterThan(40);
  });

  it("replays a trace as outside, to the address and the point of the timeline", async () => {
    const both = [inside.replayTrace, replayTrace].map(async (replay) => {
      const heard: number[] = [];
      const addresses: number[] = [];
      const { result, timeline } = await replay({
        ...{ model: pathOf("as-tlsf"), trace: await openTrace("cc1"), touch: "pages", timelinePoints: 50 },
        onProgress: (operations) => heard.push(operations),
        onResults: (results) => addresses.push(...results),
      });
      return { result: exact(result), timeline, heard, addresses };
    });
    const [one, other] = await Promise.all(both);
    expect(one).toEqual(other);
    expect(one?.addresses).toHaveLength(599_089);
    expect(one?.heard.at(-1)).toBe(599_089);
  });

  it("has the marks and the threads it has outside, and says that it is neither trimmed nor tells threads apart", async () => {
    const text = `${"a 1 8\nf 1\n".repeat(3000)}t 2\na 1 100000\np one\n${"a 2 8\nf 2\n".repeat(3000)}x 2\nt 3\np two\n`;
    const both = [inside.replayTrace, replayTrace].map(async (replay) => {
      const trace = await textTrace(text);
      const run = {
        model: pathOf("as-tlsf"),
        trace,
        touch: "pages",
        trim: true,
        timelineEvery: 5000,
      } as const;
      return exact((await replay(run)).result);
    });
    const [one, other] = await Promise.all(both);
    expect(one).toEqual(other);
    expect(one?.marks?.map(({ name, operation }) => [name, operation])).toEqual([
      ["one", 6003],
      ["two", 12006],
    ]);
    expect(one?.timeline?.map(({ operation }) => operation)).toEqual([5000, 10_000, 12_006]);
    expect(one?.parameters).toMatchObject({ threads: 3 });
    expect(one?.notes).toEqual([
      "one thread's caches, whichever of the 3 threads runs",
      "it is not trimmed: a linear memory only grows",
    ]);
  });

  it("has the options of modules", async () => {
    const options = { malloc: "take", free: "give" };
    const trace = await textTrace("a 1 100\nf 1\n");
    const { result } = await inside.replayTrace({ model: pathOf("named"), options, trace, touch: "none" });
    expect(result).toMatchObject({ allocator: pathOf("named"), options, counters: { calls: 2 } });
  });

  it("has no more memory than it may", async () => {
    const trace = await textTrace(Array.from({ length: 50 }, (_, id) => `a ${id} ${4 * MIB}\n`).join(""));
    const { replayTrace } = scenariosInJail({ memoryBytes: 64 * MIB });
    const { result } = await replayTrace({ model: pathOf("growing"), trace, touch: "none" });
    expect(result.parameters.failedAllocations).toBeGreaterThan(30);
    expect(result.counters.bytes.system).toBeLessThanOrEqual(64 * MIB);
  });
});

describe("a module that never ends", () => {
  const { runCallocLoop, findCliffs, replayTrace } = scenariosInJail({ seconds: 1 });

  it.each(["starter", "endless", "late"])("%s is ended, whatever it runs", async (name) => {
    const model = pathOf(name);
    const trace = await textTrace("a 1 64\na 2 320\nf 1\n");
    const runs = [
      runCallocLoop({ model, bytes: 320, count: 1, written: 0 }),
      findCliffs({ model, from: 320, to: 320 }),
      replayTrace({ model, trace, touch: "none" }),
    ];
    for (const { status, reason } of (await Promise.allSettled(runs)) as PromiseRejectedResult[]) {
      expect(status).toBe("rejected");
      expect(reason).toBeInstanceOf(LimitExceeded);
      expect(reason.message).toBe(
        "the module made no progress for 1 second: allow a longer timeout, or give it up",
      );
    }
  });

  it("leaves its trace closed", async () => {
    const trace = await textTrace("a 1 64\na 2 320\nf 1\n");
    let closed = false;
    async function* watched() {
      try {
        yield* trace;
      } finally {
        closed = true;
      }
    }
    const watchedTrace = { notes: trace.notes, [Symbol.asyncIterator]: watched };
    // Long enough for it to be asked for at all.
    const { replayTrace } = scenariosInJail({ seconds: 4 });
    const run = replayTrace({ model: pathOf("late"), trace: watchedTrace, touch: "none" });
    await expect(run).rejects.toBeInstanceOf(LimitExceeded);
    expect(closed).toBe(true);
  });
});

describe("patience", () => {
  it("is for time without progress, not for taking long", async () => {
    const loop = { model: pathOf("as-tlsf"), bytes: 16 * MIB, written: 0 };
    const { hostSeconds } = await runCallocLoop({ ...loop, count: 100 });
    const seconds = 2;
    const count = Math.ceil((100 * 1.5 * seconds) / hostSeconds);
    const { counters } = await scenariosInJail({ seconds }).runCallocLoop({ ...loop, count });
    expect(counters.calls).toBe(2 * count);
  });

  it("does not wear out while the trace is what is waited for", async () => {
    const quick = await textTrace("a 1 64\nf 1\n");
    async function* slowly() {
      await new Promise((resolve) => setTimeout(resolve, 3000));
      yield* quick;
    }
    const trace = { notes: quick.notes, [Symbol.asyncIterator]: slowly };
    const { replayTrace } = scenariosInJail({ seconds: 2 });
    const { result } = await replayTrace({ model: pathOf("as-tlsf"), trace, touch: "none" });
    expect(result.parameters.operations).toBe(2);
  });
});

describe("what goes wrong", () => {
  const run = (name: string, trace: Trace): TraceRun => ({ model: pathOf(name), trace, touch: "object" });

  it.each([
    ["trapping", "operation 11: the module trapped: unreachable"],
    ["recursing", "used up the stack"],
    ["outside", "operation 11: it returned 0xfffffff0"],
    ["starting", "while it was instantiated"],
  ])("%s is told as outside", async (name, message) => {
    const trace = () => textTrace(Array.from({ length: 20 }, (_, id) => `a ${id} 64\n`).join(""));
    const told = await inside.replayTrace(run(name, await trace())).catch((error) => error);
    const outside = await replayTrace(run(name, await trace())).catch((error) => error);
    expect(told).toBeInstanceOf(ModuleTrap);
    expect(told.message).toContain(message);
    expect(told.message).toBe(outside.message);
  });

  it("with the trace is told by who reads it", async () => {
    const replay = inside.replayTrace(run("as-tlsf", await textTrace("a 1 64\nf 2\n")));
    await expect(replay).rejects.toBeInstanceOf(TraceError);
    await expect(replay).rejects.toMatchObject({ line: 2 });
  });

  it("in who listens ends it", async () => {
    const onProgress = () => {
      throw new Error("enough");
    };
    const replay = inside.replayTrace({ ...run("as-tlsf", await textTrace("a 1 64\nf 1\n")), onProgress });
    await expect(replay).rejects.toThrow("enough");
  });

  it("in what no message can carry is told, and starts nothing", async () => {
    const options = { malloc: () => 0 };
    const loop = inside.runCallocLoop({ model: pathOf("as-tlsf"), options, bytes: 64, count: 1, written: 0 });
    await expect(loop).rejects.toThrow();
  });
});

it("a model runs as ever", async () => {
  const loop = { model: "lazy", bytes: MIB, count: 10, written: 0 };
  expect(exact(await inside.runCallocLoop(loop))).toEqual(exact(await runCallocLoop(loop)));
});
