/**
 * The second part of `npm run record`: writes what the two replays.shared.test.ts expect, after a change that is meant
 * to change counts.
 */
import { writeFile } from "node:fs/promises";
import { buildFixtures } from "./foreign/build-fixtures.js";
import { foreignLabel, foreignReplays, runForeign } from "./foreign/replays.js";
import { label, replays, runReplay } from "./replays.js";

async function record<T>(
  file: string,
  items: readonly T[],
  name: (item: T) => string,
  run: (item: T) => unknown,
) {
  const golden: Record<string, unknown> = {};
  for (const item of items) golden[name(item)] = await run(item);
  await writeFile(new URL(`golden/${file}.json`, import.meta.url), `${JSON.stringify(golden, null, 1)}\n`);
}

const [absent] = Object.entries(await buildFixtures());
if (absent)
  throw new Error(`${absent[0]} does not build, and everything is recorded or nothing: ${absent[1]}`);
await record("replays", replays, label, (replay) => runReplay(replay, false));
await record("foreign", foreignReplays, foreignLabel, (replay) => runForeign(replay, false));
