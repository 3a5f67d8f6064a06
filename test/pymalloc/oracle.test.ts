/** pymalloc over glibc against the real one over the real one: recorded, and live where there is a libpython. */
import { describe, expect, it, vi } from "vitest";
import { cinnabarTrace, cinnabarWorkload, collectTrace, openModel } from "../../src/index.js";
import { findModel } from "../../src/sandbox/options.js";
import { RECORD_BYTES } from "../../src/trace/records.js";
import { compareAll } from "../oracle/compare.js";
import { manyArenas, randomLayerTrace, realLayerTraces, shortLayerTraces } from "../oracle/layer-traces.js";
import { whyNotLive } from "../oracle/live.js";
import { formatPlace, MODEL_SPACE, placeOf } from "../oracle/observation.js";
import { findOracle, MODELLED_GLIBC, type Oracle, type OracleRun } from "../oracle/oracle.js";
import { randomObjects } from "../oracle/random-objects.js";
import { textTrace } from "../oracle/text-trace.js";
import type { NamedTrace } from "../oracle/traces.js";
import { many } from "../thorough.js";
import { GOLDEN_FILES, goldenDifferences, MODEL } from "./golden.js";
import { goldenTraces } from "./golden-traces.js";

vi.setConfig({ testTimeout: 600_000 });

/** Random traces compared live. */
const SEEDS = Number(process.env.ZEROPAGE_SEEDS ?? many(2, 8));
/** From this one on, of which nothing is recorded. */
const FIRST_SEED = 1000;
/** Arenas alive at once in the largest trace. */
const MANY = Number(process.env.ZEROPAGE_ARENAS ?? 60);

const found = await findOracle(MODELLED_GLIBC, "pymalloc");
const reason = whyNotLive(found);
const oracle = () => (found as { oracle: Oracle }).oracle;

async function differences(traces: NamedTrace[]): Promise<string[]> {
  const touches = ["none", "object"] as const;
  const all = await compareAll(
    oracle(),
    traces.map(({ records, interval, options = {} }) => ({
      records,
      interval,
      options,
      touches,
      model: MODEL,
    })),
  );
  return all.flatMap((one, i) => (one ? [`${traces[i]?.name}: ${one.text}`] : []));
}

describe("the model does what was recorded of pymalloc over glibc", () => {
  it.each(GOLDEN_FILES)("on the traces of %s", async (name) => {
    expect(await goldenDifferences(name, await goldenTraces(name))).toEqual([]);
  });
});

describe.skipIf(reason)("the model does what pymalloc over the glibc of this machine does", () => {
  // Of cc1, too, it was recorded.
  it.each(["mmap", "malloc"] as const)("on git-log, arenas %s", async (arenas) => {
    const all = await realLayerTraces(arenas);
    expect(await differences(all.filter(({ name }) => name === "git-log"))).toEqual([]);
  });

  it("on short traces", async () => {
    expect(await differences(await shortLayerTraces())).toEqual([]);
  });

  it(`on ${SEEDS} random traces`, async () => {
    const traces = Array.from({ length: SEEDS }, (_, i) => randomLayerTrace(FIRST_SEED + i));
    expect(await differences(traces)).toEqual([]);
  });

  it("on git-cinnabar's program", async () => {
    const { records } = await collectTrace(cinnabarTrace(cinnabarWorkload));
    const [difference] = await compareAll(oracle(), [
      { records, interval: 65_536, touches: ["pages"], options: { arenas: "mmap" }, model: MODEL },
    ]);
    expect(difference).toBeNull();
  });

  it(`on ${MANY} arenas at once`, async () => {
    const records = await manyArenas(MANY);
    const [difference] = await compareAll(oracle(), [
      { records, interval: 65_536, touches: ["none"], options: { arenas: "mmap" }, model: MODEL },
    ]);
    expect(difference).toBeNull();
  });
});

/** The key figures that sys._debugmallocstats prints, by the names of the model's statistics. */
function keyFigures(text: string): Record<string, number> {
  const lines = [...text.matchAll(/^(?:# )?(.+?) +=\s+([\d,]+)$/gm)];
  const figures = lines.map(
    ([, name = "", figure = ""]) => [name, Number(figure.replaceAll(",", ""))] as const,
  );
  return Object.fromEntries(
    figures.map(([name, figure]) => [name.replace(/^\d+ unused pools.*/, "bytes in unused pools"), figure]),
  );
}

describe.skipIf(reason)("the key figures are those of sys._debugmallocstats", () => {
  it.each([0, 1, 2, 3])("of random objects of which some are left, seed %i", async (seed) => {
    const { records: all } = randomObjects(seed, 3);
    const records = all.slice(0, Math.floor(all.length / RECORD_BYTES / 3) * RECORD_BYTES);
    const [run] = (await oracle().run([{ records, environment: { ORACLE_ARENA_STATS: "1" } }])) as [
      OracleRun,
    ];
    const sandbox = await openModel(MODEL);
    const pieces = async function* () {
      yield { records, count: records.length / RECORD_BYTES };
    };
    await sandbox.replay({ notes: { format: "text", losses: [] }, [Symbol.asyncIterator]: pieces });
    const real = keyFigures(run.text);
    const names = findModel(MODEL).layers?.layer.statistics ?? [];
    expect(names).toHaveLength(10);
    expect(Object.entries(sandbox.statistics()).filter(([name]) => names.includes(name))).toEqual(
      names.map((name) => [name, real[name]]),
    );
  });
});

describe("where arenas cannot be had", () => {
  const TRACE = "a 0 100\na 1 200\nc 2 1 30\nr 0 50\nr 1 300\nf 1\nf 2\na 3 0\nr 3 0\nr 0 0\nf 0";
  /** As recorded: every small request goes below, after the first has made the array of arenas. */
  const PLACES = [0x5b0, 0x620, 0x6f0, 0x5b0, 0x720, 0, 0, 0x860, 0x860, 0x5b0, 0].map(formatPlace);

  it("the model asks the allocator below for small blocks", async () => {
    const sandbox = await openModel(MODEL, { addressSpace: 512 * 1024, check: true });
    const places: string[] = [];
    const note = (address: number) => places.push(formatPlace(placeOf(address, MODEL_SPACE)));
    const [one, two, three] = [sandbox.malloc(100), sandbox.malloc(200), sandbox.calloc(1, 30)];
    for (const block of [one, two, three]) note(block);
    note(sandbox.realloc(one, 50));
    const moved = sandbox.realloc(two, 300);
    note(moved);
    for (const block of [moved, three]) note(sandbox.free(block) ?? 0);
    const nothing = sandbox.malloc(0);
    note(nothing);
    note(sandbox.realloc(nothing, 0));
    note(sandbox.realloc(one, 0));
    note(sandbox.free(one) ?? 0);
    expect(places).toEqual(PLACES);
    sandbox.check();
  });

  it.skipIf(reason)("the real one does so too", async () => {
    const job = { records: await textTrace(TRACE), environment: { ORACLE_ARENAS: "fail" } };
    const [run] = (await oracle().run([job])) as [OracleRun];
    expect([...run.places].map(formatPlace)).toEqual(PLACES);
  });
});
