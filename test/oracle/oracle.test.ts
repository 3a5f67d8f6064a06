/** What the pages about glibc and the kernel say, asked of the real ones: the oracle can be trusted, or the machine is another. */
import { describe, expect, it, vi } from "vitest";
import type { TouchPolicy } from "../../src/allocator/access.js";
import { OpKind } from "../../src/trace/records.js";
import { zeroPageHere } from "../machine/real-kernel.js";
import { whyNotLive } from "./live.js";
import { FAILED, formatPlace } from "./observation.js";
import {
  encodeRecords,
  findOracle,
  MallOpt,
  type Oracle,
  type OracleJob,
  OracleKind,
  type OracleRun,
} from "./oracle.js";
import { randomTrace } from "./random-trace.js";
import { textTrace } from "./text-trace.js";

vi.setConfig({ testTimeout: 60_000 });

const found = await findOracle();
const reason = whyNotLive(found);

const MIB = 2 ** 20;
const CLIFF = 33_550_312;

async function run(trace: string | Uint8Array, job: Partial<OracleJob> = {}): Promise<OracleRun> {
  const { oracle } = found as { oracle: Oracle };
  const records = typeof trace === "string" ? await textTrace(trace) : trace;
  const [only] = await oracle.run([{ records, trace: true, interval: 1, ...job }]);
  return only as OracleRun;
}

const lines = (...operations: string[]) => operations.join("\n");
const places = ({ places }: OracleRun) => Array.from(places, formatPlace);
const faults = ({ checkpoints }: OracleRun) => checkpoints.map((point) => point.faults);
const resident = ({ checkpoints }: OracleRun) => checkpoints.map((point) => point.resident);
const callNames = ({ calls }: OracleRun) => calls.map(({ name, operation }) => `${operation} ${name}`);
const loop = (bytes: number, times: number) => Array(times).fill(`c 0 1 ${bytes}\nf 0`).join("\n");

describe.skipIf(reason)("the oracle", () => {
  it("sees the bytes of every block, as they are when it is handed out and when it is given back", async () => {
    const trace = lines("c 0 1 5000", "c 1 1 5000", "w 0 0 1", "f 0", "f 1");
    const { digests } = await run(trace, { digests: true });
    const { before = [], after = [] } = digests ?? {};
    expect(after[0]).toBe(after[1]);
    expect([...before.slice(0, 3)]).toEqual([0n, 0n, 0n]);
    expect(before[3]).not.toBe(after[0]);
    expect(before[4]).toBe(after[1]);
  });

  it("sees the same bytes twice, even where a key is that of the process", async () => {
    const { records } = randomTrace(3);
    const [once, again] = [await run(records, { digests: true }), await run(records, { digests: true })];
    expect(again.digests).toEqual(once.digests);
    expect(once.digests?.heap).not.toBe(0n);
  });

  it("starts with an empty heap, whose first block is behind the tcache's own", async () => {
    const seen = await run("a 0 10");
    expect(places(seen)).toEqual(["heap+0x2a0"]);
    expect(callNames(seen)).toEqual(["0 getrandom", "0 brk"]);
    expect(seen.checkpoints).toEqual([
      {
        operations: 1,
        faults: 1,
        resident: 1,
        calls: { brk: 1 },
        mallinfo: {
          arena: 135168,
          ordblks: 1,
          smblks: 0,
          hblks: 0,
          hblkhd: 0,
          usmblks: 0,
          fsmblks: 0,
          uordblks: 688,
          fordblks: 134480,
          keepcost: 134480,
        },
      },
    ]);
    expect(seen.usable).toEqual([24]);
  });

  it("counts no fault that is not on the heap or a mapping of malloc's", async () => {
    const seen = await run(randomTrace(5).records, { touch: "object" });
    const mapped = await run(`c 0 1 ${MIB}`, { touch: "object" });
    expect(faults(mapped)).toEqual([257 + 1]);
    expect(resident(mapped)).toEqual([257 + 1]);
    expect(faults(seen).every((count, i) => count >= (resident(seen)[i] as number))).toBe(true);
  });

  it("gives the same twice", async () => {
    const { records } = randomTrace(8);
    const [once, again] = [await run(records), await run(records)];
    for (const one of [once, again]) for (const call of one.calls) call.arguments = [];
    expect({ ...again, nanoseconds: 0 }).toEqual({ ...once, nanoseconds: 0 });
  });

  it("touches as it is told", async () => {
    const counts = async (touch: TouchPolicy) => (await run("a 0 400000", { touch })).checkpoints[0]?.faults;
    // One for the tcache's block, one for the header of the mapping.
    expect(await Promise.all((["none", "first", "pages", "object"] as const).map(counts))).toEqual([
      2, 2, 99, 99,
    ]);
  });

  it("sees reads map the zero page, where there is one, and writes replace it", async () => {
    const seen = await run(lines(`a 0 ${64 * MIB}`, `l 0 0 ${64 * MIB}`, `w 0 0 ${64 * MIB}`, "f 0"));
    const isShared = zeroPageHere() === "shared";
    const [read, written] = [2 + 16384, isShared ? 2 + 2 * 16384 : 2 + 16384];
    expect(faults(seen)).toEqual([2, read, written, written]);
    expect(resident(seen)).toEqual([2, isShared ? 2 : read, 2 + 16384, 1]);
  });

  it("shows failures with nothing changed", async () => {
    const seen = await run(lines("a 0 100", `a 1 ${2 ** 46}`, `r 0 ${2 ** 46}`, "f 0"));
    expect([...seen.places]).toEqual([0x2a0, FAILED, FAILED, 0]);
    expect([...(await run(`m 0 ${2 ** 46} 0`)).places]).toEqual([FAILED]);
  });

  it("passes on parameters, by environment and by mallopt", async () => {
    const trace = lines("a 0 10", "a 1 70000");
    const byEnvironment = await run(trace, { environment: { MALLOC_MMAP_THRESHOLD_: "65536" } });
    const byMallopt = await run(trace, { settings: [[MallOpt.mmapThreshold, 65536]] });
    const without = await run(lines("a 0 10", "a 1 20", "f 0", "f 1", "a 0 10"), {
      environment: { GLIBC_TUNABLES: "glibc.malloc.tcache_count=0" },
    });
    // The top has room for it, whatever the threshold.
    expect(places(byEnvironment)).toEqual(["heap+0x2a0", "heap+0x2c0"]);
    expect(places(byMallopt)).toEqual(["heap+0x2a0", "heap+0x2c0"]);
    expect(without.checkpoints.map(({ mallinfo }) => mallinfo.smblks)).toEqual([0, 0, 1, 2, 1]);
  });

  it("shows what malloc_trim, malloc_stats and an abort say", async () => {
    const trimmed = await run(
      encodeRecords([OpKind.malloc, 0, 100_000], [OpKind.free, 0], [OpKind.trim, 0, 0]),
      { stats: true },
    );
    expect(trimmed.answers).toEqual(new Map([[2, 1]]));
    expect(trimmed.text).toMatch(/^Arena 0:\nsystem bytes {5}= {7}4096\n/);
    const aborted = await run(
      encodeRecords([OpKind.malloc, 0, 10], [OracleKind.freeKeep, 0], [OpKind.free, 0]),
    );
    expect(aborted).toMatchObject({
      signal: 6,
      operations: 2,
      text: "free(): double free detected in tcache 2\n",
    });
  });
});

describe.skipIf(reason)("glibc", () => {
  it("maps a block once the top has no room for it and it is over 128 KiB with its header", async () => {
    const first = async (bytes: number) => places(await run(`a 0 ${bytes}`))[0];
    expect(await first(134_472)).toBe("heap+0x2a0");
    expect(await first(134_473)).toBe("mapped, 0x20ff0 below where mappings start");
    const second = async (bytes: number) => places(await run(lines("a 0 100000", `a 1 ${bytes}`)))[1];
    expect(await second(131_048)).toMatch(/^heap/);
    expect(await second(131_049)).toBe("mapped, 0x20ff0 below where mappings start");
  });

  it("clears 20 MiB in vain from the third time on", async () => {
    const seen = await run(loop(20 * MIB, 4));
    expect(faults(seen)).toEqual([2, 2, 36, 36, 5122, 5122, 5122, 5122]);
    expect(callNames(seen)).toEqual(["0 getrandom", "0 brk", "0 mmap", "1 munmap", "2 brk"]);
  });

  it("has its cliff between 33,550,312 and 33,550,313 bytes", async () => {
    const last = async (bytes: number) => (await run(loop(bytes, 4))).checkpoints.at(-1)?.calls;
    expect(await last(CLIFF)).toEqual({ brk: 2, mmap: 1, munmap: 1 });
    expect(await last(CLIFF + 1)).toEqual({ brk: 1, mmap: 4, munmap: 4 });
  });

  it("no longer adapts once a threshold is set", async () => {
    const environment = { MALLOC_TOP_PAD_: "131072" };
    const seen = await run(loop(MIB, 3), { environment });
    expect(seen.checkpoints.at(-1)?.calls).toEqual({ brk: 1, mmap: 3, munmap: 3 });
  });

  it("moves a mapped block by mremap, and keeps it mapped however small it gets", async () => {
    const seen = await run(lines("a 0 200000", "r 0 400000", "r 0 10", "f 0"));
    expect(callNames(seen).slice(2)).toEqual(["0 mmap", "1 mremap", "2 mremap", "3 munmap"]);
    expect(places(seen)[2]).toMatch(/^mapped/);
    expect(seen.checkpoints[2]?.mallinfo.hblkhd).toBe(4096);
  });

  it("asks mmap, brk and mmap again before it refuses", async () => {
    const seen = await run(lines("a 0 10", `a 1 ${2 ** 46}`));
    expect(callNames(seen).slice(2)).toEqual(["1 mmap", "1 brk", "1 mmap"]);
  });
});
