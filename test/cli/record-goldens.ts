/**
 * The first part of `npm run record`: writes what golden.test.ts expects, after a change that is meant to change what
 * the command line prints. It runs what was built last.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { FOLDER, goldens, printed } from "./goldens.js";

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
for (const golden of goldens) await writeFile(new URL(golden.file, FOLDER), await printed(golden));
