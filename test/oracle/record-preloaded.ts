/** Records the golden file of a library that is preloaded: part of `npm run oracle`. */
import { mkdir, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { type GoldenRun, goldenFolderOf, goldenRuns, recordRun } from "./golden-preloaded.js";
import { findPreloaded } from "./oracle.js";
import type { Library } from "./preloaded.js";

export async function recordLibrary(library: Library): Promise<void> {
  const { name } = library;
  const found = await findPreloaded(library);
  if (found.state === "absent") throw new Error(`${name} is not recorded: ${found.reason}`);
  const { oracle } = found;
  const runs: GoldenRun[] = [];
  for (const run of await goldenRuns(library)) runs.push(await recordRun(oracle, run));
  const folder = goldenFolderOf(library);
  await mkdir(folder, { recursive: true });
  const head = JSON.stringify({ package: oracle.packageVersion, kernel: release() }).slice(0, -1);
  const text = `${head},"runs":[\n${runs.map((run) => JSON.stringify(run)).join(",\n")}\n]}\n`;
  await writeFile(new URL("runs.json", folder), text);
  console.log(`${name}/runs.json: ${runs.length} runs, ${text.length} bytes`);
}
