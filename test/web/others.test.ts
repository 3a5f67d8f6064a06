/** The program on more than two allocators: the library's figures, each on one scale. */
import { expect, it } from "vitest";
import {
  formatBytes,
  openModel,
  PAGE_STATES,
  readTrace,
  replayTrace,
  runCallocLoop,
} from "../../src/index.js";
import { KIND_OF, KINDS } from "../../src/web/kinds.js";
import { mapPictures } from "../../src/web/map-pictures.js";
import { runOnOthers } from "../../src/web/others.js";
import { runsOf } from "../../src/web/page-runs.js";
import { parseChoice } from "../../src/web/state.js";
import { loopTape, tapeTrace, traceTape } from "../../src/web/tape.js";

const MIB = 2 ** 20;
const NONE = () => {};
/** The bit of a page's detail that says that it holds an object. */
const HELD = 128;

it("is run on what was chosen, and once on all others of real systems", async () => {
  const chosen = ["glibc:mmapThreshold=1000", "lazy", "libmalloc"].map(parseChoice);
  const tape = loopTape(3 * MIB, 0.5, 4);
  const told: unknown[] = [];
  const job = { tape, touch: "none", chosen, subtitle: "a loop" } as const;
  const { svg, results, failures } = await runOnOthers(job, (progress) => told.push(progress));
  expect(results.map(({ allocator }) => allocator)).toEqual([
    ...["glibc", "lazy", "libmalloc", "glibc", "jemalloc", "mimalloc", "tcmalloc"],
  ]);
  expect(failures).toEqual([]);
  for (const { allocator: model, options, counters } of results) {
    const trace = tapeTrace(tape);
    const { result } = await replayTrace({ model, options, trace, touch: "none" });
    expect(counters, model).toEqual(result.counters);
  }
  const { counters } = await runCallocLoop({ model: "libmalloc", bytes: 3 * MIB, count: 4, written: 0.5 });
  expect(results[2]?.counters).toEqual(counters);
  expect(svg.match(/resident at the peak/g)).toHaveLength(results.length);
  expect(told).toContainEqual({ done: 6, total: 7 });
});

it("is drawn as maps of what each has mapped when the program holds the most, at one scale", async () => {
  const text = "a 1 3000000\nw 1 0 3000000\na 2 100000\nf 1\na 3 5\n";
  const tape = await traceTape(await readTrace(text), NONE);
  const chosen = ["glibc", "lazy"].map(parseChoice);
  const { maps } = await runOnOthers({ tape, touch: "none", chosen, subtitle: "" }, NONE);
  expect(maps.map(({ name }) => name.replace(/:.*/, ""))).toEqual([
    ...["glibc", "lazy", "jemalloc", "mimalloc", "tcmalloc", "libmalloc"],
  ]);
  const svg = mapPictures(maps, { title: "Maps", subtitle: "a program" }, (id) => `colour-${id}`);
  for (const [i, { allocator: model, options }] of chosen.entries()) {
    const sandbox = await openModel(model, options);
    await sandbox.replay(await readTrace(text.split("\n").slice(0, 3).join("\n")));
    const { resident } = sandbox.counters().bytes;
    expect(maps[i]?.name).toBe(`${model}: ${formatBytes(resident)} resident`);
    const ranges = sandbox.regions().flatMap(({ address, bytes }) => [address, address + bytes]);
    expect([...(maps[i]?.regions ?? [])]).toEqual(ranges);
  }
  expect(svg).toContain("; a cell is ");
  // Each kind that some page is of is drawn, and no other: none of them keeps or clears anything here.
  const kinds = maps.flatMap(({ runs }) =>
    [...runs.details].map((detail) => KINDS[KIND_OF[detail] as number]?.id),
  );
  for (const { id } of KINDS)
    expect([id, svg.includes(`<path d="M`) && svg.includes(` class="${id}" fill="colour-${id}"`)]).toEqual([
      id,
      kinds.includes(id),
    ]);
});

it("is drawn with as much of each kind as there are pages of it", () => {
  // 8 pages written, 4 only reserved, and 4 written again.
  const [written, reserved] = [PAGE_STATES.indexOf("written") | HELD, PAGE_STATES.indexOf("reserved")];
  const at = 2 ** 30;
  const runs = runsOf(
    [
      [at, 8, written],
      [at + 8 * 4096, 4, reserved],
      [at + 12 * 4096, 4, written],
    ],
    4096,
  );
  const map = { name: "one", runs, regions: Float64Array.of(at, at + 16 * 4096) };
  const svg = mapPictures([map], { title: "", subtitle: "" }, (id) => id);
  const area = (id: string) =>
    [
      ...(svg.match(new RegExp(`<path d="([^"]*)" class="${id}"`))?.[1] ?? "").matchAll(/h(\d+)v(\d+)/g),
    ].reduce((sum, [, width, height]) => sum + Number(width) * Number(height), 0);
  expect(area("written")).toBe(3 * area("reserved"));
  expect(area("written")).toBe(12 * 36);
});

it("goes on where one cannot run it, or not all of it, and says so", async () => {
  const chosen = ["glibc:memory=64KiB:overcommit=always", "naive:memory=64KiB"].map(parseChoice);
  const job = { tape: loopTape(3 * MIB, 1, 2), touch: "none", chosen, subtitle: "" } as const;
  const { results, failures } = await runOnOthers(job, NONE);
  expect(results.map(({ allocator, options }) => [allocator, Object.keys(options).length])).toEqual([
    ["naive", 1],
    ...["glibc", "jemalloc", "mimalloc", "tcmalloc", "libmalloc"].map((name) => [name, 0]),
  ]);
  expect(failures).toEqual([
    expect.stringMatching(/^glibc:memory=64KiB:overcommit=always: .*memory/),
    "naive:memory=64KiB: allocations that failed: 2.",
  ]);
});
