/** What the pages about glibc's arenas say, asked of the real ones: the oracle can be trusted with threads. */
import { describe, expect, it, vi } from "vitest";
import { OpKind } from "../../src/trace/records.js";
import { whyNotLive } from "./live.js";
import { environmentOf } from "./model.js";
import {
  encodeRecords,
  findOracle,
  type Oracle,
  type OracleJob,
  OracleKind,
  type OracleRun,
} from "./oracle.js";
import { randomThreads } from "./random-threads.js";
import { randomTrace } from "./random-trace.js";
import { textTrace } from "./text-trace.js";
import { THREAD_TRACES, type ThreadTrace } from "./thread-traces.js";

vi.setConfig({ testTimeout: 60_000 });

const found = await findOracle();
const reason = whyNotLive(found);

const HEAP_BYTES = 64 * 2 ** 20;

async function run(trace: string[] | Uint8Array, job: Partial<OracleJob> = {}): Promise<OracleRun> {
  const { oracle } = found as { oracle: Oracle };
  const records = Array.isArray(trace) ? await textTrace(trace.join("\n")) : trace;
  const [only] = await oracle.run([{ records, trace: true, interval: 1, ...job }]);
  return only as OracleRun;
}

function runNamed(name: string, job: Partial<OracleJob> = {}): Promise<OracleRun> {
  const { lines, options = {} } = THREAD_TRACES[name] as ThreadTrace;
  return run(lines, { environment: environmentOf(options), ...job });
}

/** Where blocks are: `M` for the main heap, A1 for the first other one that is met, and so on; with the offset. */
function places({ places, space }: OracleRun): string[] {
  const heaps: number[] = [];
  const inHeap = (place: number) => {
    const address = space.mapTop + place + 1;
    const offset = address % HEAP_BYTES;
    if (!heaps.includes(address - offset)) heaps.push(address - offset);
    return `A${heaps.indexOf(address - offset) + 1}+0x${offset.toString(16)}`;
  };
  return [...places].flatMap((place) =>
    place === 0 ? [] : [place > 0 ? `M+0x${place.toString(16)}` : inHeap(place)],
  );
}

const callsOf = ({ calls }: OracleRun, operation: number) =>
  calls.filter((call) => call.operation === operation).map(({ name }) => name);
const arenas = (seen: OracleRun) => places(seen).map((place) => place.replace(/\+.*/, ""));

describe.skipIf(reason)("the oracle with threads", () => {
  it("gives the same twice", async () => {
    for (const seed of [0, 2]) {
      const { records, options } = await randomThreads(seed);
      const job = { environment: environmentOf(options), touch: "object" } as const;
      const [once, again] = [await run(records, job), await run(records, job)];
      for (const one of [once, again]) for (const call of one.calls) call.arguments = [];
      expect({ ...again, nanoseconds: 0 }, `seed ${seed}`).toEqual({ ...once, nanoseconds: 0 });
    }
  });

  it("does not let threads show that only wait", async () => {
    const { records } = randomTrace(5);
    const waiting = encodeRecords([OpKind.thread, 0, 9]);
    const [alone, among] = [await run(records), await run(new Uint8Array([...records, ...waiting]))];
    expect(among.places.subarray(0, alone.places.length)).toEqual(alone.places);
    expect(among.faults?.subarray(0, alone.places.length)).toEqual(alone.faults);
    expect(among.checkpoints.slice(0, alone.checkpoints.length)).toEqual(alone.checkpoints);
  });

  it("counts each fault once: the operations' add up to those of the process", async () => {
    const { records, options } = await randomThreads(3);
    const seen = await run(records, { environment: environmentOf(options), touch: "object" });
    const sum = (seen.faults as Float64Array).reduce((all, one) => all + one, 0);
    expect(seen.checkpoints.at(-1)?.faults).toBe(sum);
  });

  it("shows the state at marks", async () => {
    const lines = ["a 0 10", "p one", "a 1 5000", "a 2 200000", "p two", "f 2"];
    const { checkpoints } = await run(lines, { interval: 0 });
    expect(checkpoints.map(({ operations, mallinfo }) => [operations, mallinfo.hblks])).toEqual([
      [2, 0],
      [5, 1],
      [6, 0],
    ]);
  });

  it("shows what malloc_info says of each arena", async () => {
    const { text } = await run(["a 0 24", "t 2", "a 1 24"], { info: true });
    expect(text).toContain('<heap nr="1">');
    expect(text).toContain('<aspace type="subheaps" size="1"/>');
  });
});

describe.skipIf(reason)("glibc with threads", () => {
  it("makes an arena for a thread that only frees", async () => {
    const seen = await runNamed("a thread that only frees has an arena");
    expect(callsOf(seen, 2).filter((name) => name !== "munmap")).toEqual(["mmap", "mprotect"]);
    expect(seen.checkpoints.map(({ mallinfo }) => mallinfo.arena / 135_168)).toEqual([
      1, 1, 2, 2, 2, 3, 3, 3,
    ]);
    expect(places(seen)).toEqual(["M+0x2a0", "M+0x2a0"]);
  });

  it("begins an arena with its own state and the cache of its first thread", async () => {
    const seen = await run(["t 2", "a 0 24", "t 3", "a 1 24"]);
    expect(places(seen)).toEqual(["A1+0xb70", "A2+0xb70"]);
    expect(seen.checkpoints.map(({ mallinfo }) => mallinfo.uordblks)).toEqual([0, 2944, 2944, 5888]);
  });

  it("gives a thread what it freed of another's", async () => {
    const seen = await run(["t 2", "a 0 100", "t 3", "f 0", "a 1 100", "t 2", "a 2 100"]);
    expect(places(seen)).toEqual(["A1+0xb70", "A1+0xb70", "A1+0xbe0"]);
  });

  it("hands one block to two threads after a double free that it does not see", async () => {
    const records = encodeRecords(
      [OpKind.malloc, 0, 100],
      [OracleKind.freeKeep, 0],
      [OpKind.thread, 0, 2],
      [OpKind.free, 0],
      [OpKind.malloc, 1, 100],
      [OpKind.thread, 0, 1],
      [OpKind.malloc, 2, 100],
    );
    expect(places(await run(records))).toEqual(["M+0x2a0", "M+0x2a0", "M+0x2a0"]);
  });

  it("never trims the top of an arena by malloc_trim", async () => {
    const seen = await runNamed("the top of an arena stays");
    const [freed, trimmed] = [seen.checkpoints[401], seen.checkpoints[402]];
    expect([trimmed?.mallinfo.arena, trimmed?.resident]).toEqual([freed?.mallinfo.arena, freed?.resident]);
    expect(trimmed?.resident).toBe(33);
  });

  it("clears by calloc what a thread's heap gave back, and not what the main one did", async () => {
    const { faults = [] } = await runNamed("calloc in a thread clears what was given back");
    expect([faults[3], faults[10]]).toEqual([41, 2]);
  });

  it("makes a new heap and destroys it at once if 64 KiB or more are left in the old one", async () => {
    const seen = await runNamed("a new heap destroys itself");
    expect(places(seen).at(10)).toBe("M+0x10");
    expect(seen.faults?.[12]).toBe(3);
    expect(callsOf(seen, 12)).toEqual(["mmap", "munmap", "mprotect", "munmap", "brk"]);
    const [reserved, , writable, gone] = seen.calls.filter(({ operation }) => operation === 12);
    expect(writable?.arguments.slice(0, 2)).toEqual([reserved?.result, 8_134_656n]);
    expect(gone?.arguments.slice(0, 2)).toEqual([reserved?.result, BigInt(HEAP_BYTES)]);
    expect(places(await runNamed("a new heap stays")).at(10)).toBe("A2+0x40");
  });

  it("hands the arenas of threads that ended to new ones, the last one first", async () => {
    const seen = arenas(await runNamed("arenas of threads that ended are taken again, the last one first"));
    expect(seen.slice(27)).toEqual(["A3", "A2", "A1", "A4"]);
  });

  it.each([
    [1, "M M M M M"],
    [2, "A1 M A1 M A1"],
    [3, "A1 A2 M A2 A1"],
  ])("shares %i arenas in turns", async (arenaMax, turns) => {
    const lines = Array.from({ length: 5 }, (_, i) => `t ${i + 2}\na ${i} 100`);
    const seen = arenas(await run(lines, { environment: environmentOf({ arenaMax }) }));
    expect(seen.join(" ")).toBe(turns);
  });

  it("makes room for an aligned block that is the first of a thread, whatever the threshold", async () => {
    const seen = await runNamed("an aligned block that comes first decides how large the heap is");
    expect(places(seen)[0]).toBe("A1+0x900");
    expect(seen.checkpoints[1]?.mallinfo.arena).toBe(30_134_272);
  });
});
