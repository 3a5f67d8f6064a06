import { describe, expect, it } from "vitest";
import {
  models,
  openModel,
  openSandbox,
  readTrace,
  runCallocLoop,
  runIterContent,
  type TouchPolicy,
} from "../../src/index.js";
import { BUFFER_WAYS } from "../../src/results/iter-content.js";
import { playModule, prepareModule } from "../../src/web/module.js";
import { decode } from "../../src/web/page-runs.js";
import { playModel } from "../../src/web/playable.js";
import { Player } from "../../src/web/player.js";
import { type Choice, isModule, type TimeNode } from "../../src/web/protocol.js";
import {
  codeOf,
  lengthOf,
  lineOf,
  loopTape,
  operationAt,
  readsTape,
  type Tape,
  traceTape,
} from "../../src/web/tape.js";
import { fixtureBytes, openFixture } from "../foreign/replays.js";
import { Random } from "../random.js";

const MIB = 2 ** 20;
const noProgress = () => {};

async function tapeOf(text: string): Promise<Tape> {
  return traceTape(await readTrace(text), noProgress);
}

async function open(tape: Tape, choice: Choice, touch: TouchPolicy = "none") {
  const subject = isModule(choice)
    ? playModule(
        await prepareModule(choice.allocator, await fixtureBytes(choice.allocator.replace(".wasm", ""))),
      )
    : await playModel(choice);
  return Player.open(tape, choice, subject, touch, noProgress);
}

/** A program that allocates, writes and frees at random, long enough for checkpoints. */
function randomProgram(seed: number, operations: number): string {
  const random = new Random(seed);
  const live: { id: number; bytes: number }[] = [];
  const lines: string[] = [];
  for (let id = 0; lines.length < operations; id++) {
    const bytes = random.below(20) === 0 ? random.below(MIB) : 1 + random.below(500);
    lines.push(random.below(2) ? `a ${id} ${bytes}` : `c ${id} 1 ${bytes}`);
    live.push({ id, bytes });
    if (bytes) lines.push(`w ${id} 0 ${1 + random.below(bytes)}`);
    if (live.length > 200) lines.push(`f ${live.splice(random.below(live.length), 1)[0]?.id}`);
  }
  return `${lines.join("\n")}\n`;
}

const SEED = 0x5eed;
const program = randomProgram(SEED, 80_000);

/** The same by other means: the library, from the start, one trace. */
async function countersAfter(model: string, position: number, touch: TouchPolicy) {
  const sandbox = await openModel(model);
  const first = program.split("\n").slice(0, position).join("\n");
  await sandbox.replay(await readTrace(`${first}\n`), { touch });
  return sandbox.counters();
}

describe("a tape", () => {
  it("refuses a trace that is too long for it, and says where it can be replayed", async () => {
    const text = "a 1 1\nf 1\n".repeat(3000);
    expect((await traceTape(await readTrace(text), noProgress, 6000)).count).toBe(6000);
    await expect(traceTape(await readTrace(`${text}a 1 1\n`), noProgress, 6000)).rejects.toThrow(
      "at most 6,000 operations: use `zeropage replay`",
    );
  });
});

describe("a player", () => {
  it.each(models.map(({ name }) => name))(
    "of %s is anywhere what a run from the start is there",
    async (model) => {
      const tape = await tapeOf(program);
      const { player, played } = await open(tape, { allocator: model, options: {} }, "first");
      expect(played.end).toBe(lengthOf(tape));
      const random = new Random(SEED);
      const places = [
        played.end,
        0,
        1,
        8192,
        8191,
        65537,
        65536,
        ...Array.from({ length: 5 }, () => random.below(played.end)),
      ];
      for (const place of places) {
        const { position, counters } = await player.moment(place);
        expect(position).toBe(place);
        expect(counters, `seed=${SEED} position=${place}`).toEqual(
          await countersAfter(model, place, "first"),
        );
      }
    },
  );

  it("of a loop counts what the scenario counts", async () => {
    const loop = { bytes: 100 * MIB, written: 0.25, count: 1000 };
    const tape = loopTape(loop.bytes, loop.written, loop.count);
    const choice = { allocator: "libmalloc", options: { zeroing: "dirty" } };
    const { player, played } = await open(tape, choice);
    const expected = await runCallocLoop({ model: "libmalloc", options: choice.options, ...loop });
    expect(played.result.counters).toEqual(expected.counters);
    await player.moment(17);
    expect((await player.moment(3000)).counters).toEqual(expected.counters);
  });

  it.each(BUFFER_WAYS)("of the bug report by %s counts what the scenario counts", async (way) => {
    const body = 4 * MIB;
    for (const [model, chunk] of [
      ["libmalloc", 100 * MIB],
      ["glibc", 10 * MIB],
      ["glibc", 1000],
    ] as const) {
      const perRead = Math.min(chunk, 16384);
      const whole = Math.floor(body / perRead) * perRead;
      const tape = readsTape(way, chunk, whole);
      const { player, played } = await open(tape, { allocator: model, options: {} });
      const { counters, library, simulated } = await runIterContent({ model, way, chunk, body: whole });
      expect(played.result).toMatchObject({ counters, simulated });
      expect({ reads: tape.rounds, ...played.library }).toEqual(library);
      // Back and forth again, it has not lost count.
      expect((await player.moment(1)).library).toEqual({ cleared: 0, needless: 0 });
      expect(await player.moment(played.end)).toMatchObject({ counters, simulated, library: played.library });
    }
  });

  it("says where simulated time goes: to the same total, down to who clears", async () => {
    const tape = loopTape(100 * MIB, 0, 100);
    const { player } = await open(tape, { allocator: "libmalloc", options: {} });
    const { time, simulated } = await player.moment(200);
    expect(time?.seconds).toBeCloseTo(simulated?.seconds as number, 9);
    const [calloc] = time?.children ?? [];
    expect(calloc).toMatchObject({ name: "calloc", calls: 100 });
    const deepest = (node: TimeNode): string => (node.children[0] ? deepest(node.children[0]) : node.name);
    expect(deepest(time as TimeNode)).toBe("bzero");
    const cleared = readsTape("malloc+memset", 100 * MIB, 16384);
    const library = await (await open(cleared, { allocator: "glibc", options: {} })).player.moment(4);
    expect(library.time?.seconds).toBeCloseTo(library.simulated?.seconds as number, 9);
  });

  it("shows what the library clears as memset, on pages that stay clean", async () => {
    const tape = readsTape("malloc+memset", MIB, 32768);
    const { player } = await open(tape, { allocator: "glibc", options: {} });
    const { code, library, runs, object } = await player.moment(2);
    expect(code.slice(0, 4).map((line) => line.code)).toEqual([
      "p0 = malloc(1'048'576);",
      "memset(p0, 0, 1'048'576);",
      "write(p0, 16'384);",
      "free(p0);",
    ]);
    // The page that begins with the header of the block is written already.
    expect(library).toEqual({ cleared: MIB, needless: MIB - 4080 });
    expect(object?.bytes).toBe(MIB);
    expect([...runs.details].map((detail) => decode(detail).state)).toContain("clean");
  });

  it("keeps a timeline that shows every part of a loop", async () => {
    const tape = loopTape(MIB, 0, 10_000);
    const { played } = await open(tape, { allocator: "lazy", options: {} });
    expect(played.timeline.length).toBeLessThan(600);
    expect(new Set(played.timeline.map(({ inUse }) => inUse > 0)).size).toBe(2);
    expect(played.timeline.at(-1)?.operation).toBe(20_000);
  });

  it("shows the site of operations, and the object of each", async () => {
    const tape = await tapeOf("s main;grow\na 7 16\nf 7\n");
    expect(tape.sites).toEqual(["unknown", "main;grow"]);
    const code = Array.from({ length: tape.count }, (_, i) => lineOf(tape, i));
    expect(code).toEqual(["// in main;grow", "p0 = malloc(16);", "// in unknown", "free(p0);"]);
    const { player, played } = await open(tape, { allocator: "lazy", options: {} });
    expect(played.end).toBe(4);
    expect((await player.moment(2)).object?.bytes).toBe(16);
    expect((await player.moment(2)).counters.calls).toBe(1);
  });

  it("stops at the operation that cannot be done, and goes anywhere before it", async () => {
    const lines = Array.from({ length: 40_000 }, (_, id) =>
      id < 39_000 ? `a ${id} 16` : `a ${id} 65536\nw ${id} 0 65536`,
    );
    const tape = await tapeOf(`${lines.join("\n")}\n`);
    const choice = { allocator: "lazy", options: { memory: 8 * MIB } };
    const { player, played } = await open(tape, choice);
    expect(played.stopped).toMatch(/out of physical memory.*raise the option memory/);
    expect(played.end).toBeGreaterThan(39_000);
    // What stopped it is a write, and everything up to there was done.
    expect(codeOf(operationAt(tape, played.end))).toMatch(/^write/);
    const last = await player.moment(Number.MAX_SAFE_INTEGER);
    expect(last.position).toBe(played.end);
    expect(last.counters).toEqual(played.result.counters);
    expect((await player.moment(100)).counters.calls).toBe(100);
    expect((await player.moment(played.end)).counters).toEqual(played.result.counters);
  });

  it("knows the call under the cursor, and its neighbours", async () => {
    const tape = await tapeOf("a 7 100\nc 8 2 3000\nr 7 5000\nm 9 64 10\nw 8 10 20\nl 8 0 1\nf 8\n");
    const { player } = await open(tape, { allocator: "glibc", options: {} });
    const { code } = await player.moment(3);
    expect(code.map((line) => line.code)).toEqual([
      "p0 = malloc(100);",
      "p1 = calloc(2, 3'000);",
      "p0 = realloc(p0, 5'000);",
      "p2 = aligned_alloc(64, 10);",
      "write(p1 + 10, 20);",
      "read(p1, 1);",
      "free(p1);",
    ]);
    const sandbox = await openSandbox("glibc");
    const [first, second] = [sandbox.malloc(100), sandbox.calloc(2, 3000)];
    expect(await player.moment(1)).toMatchObject({ object: { address: first, bytes: 100 } });
    expect(await player.moment(7)).toMatchObject({ object: { address: second, bytes: 6000 } });
    expect(await player.moment(0)).toMatchObject({
      code: expect.arrayContaining([{ index: 0, code: "p0 = malloc(100);" }]),
    });
  });

  it("shows whose an operation is, and what is of no object", async () => {
    const tape = await tapeOf("a 7 100\nt 2\na 8 200\nx 1\nk 4096\np all made\nf 7\n");
    const { player, played } = await open(tape, { allocator: "naive", options: {} });
    expect(played.note).toBe("");
    const { code } = await player.moment(3);
    expect(code.map((line) => line.code)).toEqual([
      "[thread 1] p0 = malloc(100);",
      "[thread 2] // thread 2 runs",
      "[thread 2] p1 = malloc(200);",
      "[thread 2] // thread 1 ends",
      "[thread 2] malloc_trim(4'096);",
      "[thread 2] // all made",
      "[thread 2] free(p0);",
    ]);
    expect((await player.moment(3)).object?.bytes).toBe(200);
    for (const position of [2, 4, 5, 6]) expect(await player.moment(position)).not.toHaveProperty("object");
  });

  it("says where threads share what one has", async () => {
    const tape = await tapeOf("a 1 100\nt 2\nf 1\n");
    const { played } = await open(tape, { allocator: "as-tlsf.wasm", options: {} });
    expect(played.note).toMatch(/; one thread's caches, whichever of the 2 threads runs$/);
  });

  it("tells what happened to a page, and when", async () => {
    const tape = loopTape(MIB, 0, 3);
    const { player } = await open(tape, { allocator: "libmalloc", options: {} });
    const address = (await (await player.moment(1)).object?.address) as number;
    const { changes, latest } = await player.history(address, 6, noProgress);
    expect(changes).toBe(2);
    const told = latest.map(({ operation, code, detail }) => [
      operation,
      code,
      decode(detail).state,
      decode(detail).needless,
    ]);
    expect(told).toEqual([
      [1, "p0 = calloc(1, 1'048'576);", "reserved", false],
      [3, "p0 = calloc(1, 1'048'576);", "clean", true],
    ]);
    expect((await player.moment(2)).counters.zeroed.needless).toBe(0);
  });

  const FOREIGN = { allocator: "as-tlsf.wasm", options: {} };

  it("of a foreign module is anywhere what a run from the start is there, by running again", {
    timeout: 30_000,
  }, async () => {
    const tape = await tapeOf(program);
    const { player, played } = await open(tape, FOREIGN, "first");
    expect(played.end).toBe(lengthOf(tape));
    expect(played.note).toMatch(/^Called as c: malloc, .*calloc is malloc, then fill/);
    expect(played.result).not.toHaveProperty("simulated");
    for (const place of [played.end, 0, 1, 30_000, 29_999, played.end]) {
      const { position, counters, runs } = await player.moment(place);
      const first = program.split("\n").slice(0, place).join("\n");
      const allocator = await openFixture("as-tlsf", { meter: true });
      await allocator.replay(await readTrace(`${first}\n`), { touch: "first" });
      expect(position).toBe(place);
      expect(counters, `seed=${SEED} position=${place}`).toEqual(allocator.counters());
      expect(played.mapped[0]).toBe(0);
      expect(played.mapped[1]).toBeGreaterThanOrEqual(allocator.hostBytes);
      const pages = runs.pages.reduce((sum, run) => sum + run, 0);
      expect(pages * 4096).toBe(allocator.hostBytes);
    }
  });

  it("of a foreign module tells what happened to a page, and what lies on it", async () => {
    const tape = await tapeOf("a 1 10000\nw 1 0 10000\nf 1\n");
    const { player } = await open(tape, FOREIGN);
    const { object, runs } = await player.moment(2);
    const address = (object?.address as number) + 4096;
    const page = runs.addresses.findLastIndex((start) => start <= address);
    expect(decode(runs.details[page] as number)).toMatchObject({ state: "written", held: true });
    const { changes, latest } = await player.history(address, 3, noProgress);
    expect([changes, latest[0]?.operation]).toEqual([1, 2]);
  });

  it("of a foreign module that traps stops before, and goes anywhere up to there", async () => {
    const lines = Array.from({ length: 3000 }, (_, id) => `a ${id} 100`);
    const tape = await tapeOf(`${lines.join("\n")}\n`);
    const { player, played } = await open(tape, { allocator: "trapping.wasm", options: {} });
    expect(played).toMatchObject({
      end: 10,
      stopped: expect.stringMatching(/the module trapped: unreachable/),
    });
    expect((await player.moment(3)).counters.calls).toBe(3);
    expect((await player.moment(3000)).position).toBe(10);
  });
});
