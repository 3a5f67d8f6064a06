/** What the tests of `zeropage bench` and `merge` share: traces, modules, and the command in a process of its own. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect } from "vitest";
import type { BenchRecord } from "../../src/compare/record.js";
import { zeropage } from "./spawn.js";

export const BUILT = fileURLToPath(new URL("../foreign/built/", import.meta.url));
export const QUICK = ["--rounds", "3", "--passes", "1"];
/** As many as have an interval. */
export const SURE = ["--rounds", "6", "--passes", "1"];

let folder = "";
/** A file in the folder of these tests. */
export const path = (name: string) => join(folder, name);

/** Makes a folder with traces for the tests of a file, and takes it away after them. */
export function useTraces(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
    const ids = Array.from({ length: 200 }, (_, id) => id);
    const lines = (make: (id: number) => string) => ids.map(make).join("\n");
    await writeFile(
      path("small.txt"),
      `${lines((id) => `a ${id} ${16 + id}`)}\n${lines((id) => `f ${id}`)}\n`,
    );
    await writeFile(path("calloc.txt"), `${lines((id) => `c ${id} 4 ${id + 1}\nf ${id}`)}\n`);
    await writeFile(path("huge.txt"), `${lines((id) => `a ${id} 10000000`)}\n`);
  });
  afterAll(() => rm(folder, { recursive: true }));
}

export const traces = () => ["--trace", path("small.txt"), path("calloc.txt")];

/** Benches. Allocators that failed are told, and are all that makes its exit code 1. */
export async function bench(...argv: string[]): Promise<BenchRecord> {
  const { code, stdout, stderr } = await zeropage(["bench", "--json", ...QUICK, ...argv]);
  expect(stdout, stderr).not.toBe("");
  const record: BenchRecord = JSON.parse(stdout);
  const failed = record.results.flatMap(({ subject, trace, outcome }) =>
    outcome.state === "failed"
      ? [`zeropage: ${subject} on ${trace}: ${outcome.error}: ${outcome.message}\n`]
      : [],
  );
  expect([stderr, code]).toEqual([failed.join(""), failed.length > 0 ? 1 : 0]);
  return record;
}

/** What has to be equal between runs: the order, how each came through, and counts. */
export const exact = ({ results }: BenchRecord) =>
  results.map(({ subject, trace, outcome }) => [
    ...[subject, trace, outcome.state],
    outcome.state === "done" ? outcome.counts : outcome,
  ]);
