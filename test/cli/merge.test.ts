/** `zeropage merge` end to end. `npm test` builds it first. */

import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { BenchRecord } from "../../src/compare/record.js";
import { BUILT, bench, exact, path, QUICK, traces, useTraces } from "./bench-fixtures.js";
import { zeropage } from "./spawn.js";

useTraces();

describe("merge", () => {
  const shard = (i: number) => path(`shard-${i}.json`);
  const part = (i: number, n: number, ...more: string[]) =>
    zeropage([
      "bench",
      `--shard`,
      `${i}/${n}`,
      "--output",
      shard(i),
      "--force",
      ...QUICK,
      ...more,
      ...traces(),
    ]);
  const modules = () => ["as-tlsf", "as-stub", `${BUILT}as-bump.wasm`, `${BUILT}trapping.wasm`];

  test("makes one of what several processes measured at once", async () => {
    const ended = await Promise.all([1, 2, 3].map((i) => part(i, 3, ...modules())));
    // The third has the one that traps.
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 1]);
    const merged = await zeropage(["merge", shard(3), shard(1), shard(2), "--json"]);
    expect(merged).toMatchObject({ code: 0, stderr: "" });
    const record: BenchRecord = JSON.parse(merged.stdout);
    expect(record).toMatchObject({ complete: true, shard: null });
    expect(exact(record)).toEqual(exact(await bench(...modules(), ...traces())));
    for (const { subject, outcome } of record.results) {
      if (outcome.state === "done") expect(outcome.steady.ratio === null).toBe(subject === "as-tlsf");
    }
  });

  test("refuses what does not belong together, naming what to do", async () => {
    await part(1, 2);
    await part(2, 2, "--seed", "5");
    const different = await zeropage(["merge", shard(1), shard(2)]);
    expect(different.code).toBe(1);
    expect(different.stderr).toMatch(
      /different runs, which differ in seed \(1 and 5\): run all shards with the same version/,
    );
    expect((await zeropage(["merge", shard(1)])).stderr).toMatch(
      /no shard 2\/2: run zeropage bench with --shard 2\/2/,
    );
    await writeFile(path("other.json"), "{}");
    expect(await zeropage(["merge", path("other.json")])).toMatchObject({ code: 2 });
    await writeFile(path("other.json"), "{");
    expect((await zeropage(["merge", path("other.json")])).stderr).toMatch(/is not JSON, or not all of it/);
  });
});
