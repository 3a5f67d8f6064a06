/** Records the golden file of jemalloc from Debian's library: part of `npm run oracle`. */
import { mkdir, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { GOLDEN_JEMALLOC, type GoldenRun, goldenRuns, recordRun } from "./golden-jemalloc.js";
import { findJemalloc } from "./oracle.js";

export async function recordJemalloc(): Promise<void> {
  const found = await findJemalloc();
  if (found.state === "absent") throw new Error(`jemalloc is not recorded: ${found.reason}`);
  const { oracle } = found;
  const runs: GoldenRun[] = [];
  for (const run of await goldenRuns()) runs.push(await recordRun(oracle, run));
  await mkdir(GOLDEN_JEMALLOC, { recursive: true });
  const head = JSON.stringify({ package: oracle.packageVersion, kernel: release() }).slice(0, -1);
  const text = `${head},"runs":[\n${runs.map((run) => JSON.stringify(run)).join(",\n")}\n]}\n`;
  await writeFile(new URL("runs.json", GOLDEN_JEMALLOC), text);
  console.log(`jemalloc/runs.json: ${runs.length} runs, ${text.length} bytes`);
}
