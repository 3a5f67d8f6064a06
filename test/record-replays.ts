/** `npm run record`: writes what replays.shared.test.ts expects, after a change that is meant to change counts. */
import { writeFile } from "node:fs/promises";
import { label, replays, runReplay } from "./replays.js";

const golden: Record<string, unknown> = {};
for (const replay of replays) golden[label(replay)] = await runReplay(replay, false);
await writeFile(new URL("golden/replays.json", import.meta.url), `${JSON.stringify(golden, null, 1)}\n`);
