/**
 * `npm run watch [NAME...]`: `npm run build`, and again after every change to the sources. Each run is a process of
 * its own, so that a change to the build itself counts too.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TREES = ["src", "assembly"].map((tree) => join(ROOT, tree));
/** An editor that saves, or a checkout, makes many changes at once: waits until there was none for so long. */
const QUIET_MS = 100;

/**
 * Each folder is watched by itself: watching whole trees misses changes in some versions of Node.
 * @type {Map<string, import("node:fs").FSWatcher>}
 */
const watchers = new Map();
/** @type {NodeJS.Timeout | undefined} */
let timer;
let isBuilding = false;
let isStale = false;

/** @param {string} tree */
const foldersIn = (tree) =>
  readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

function watchFolders() {
  const folders = new Set(TREES.flatMap((tree) => [tree, ...foldersIn(tree)]));
  for (const [folder, watcher] of watchers) {
    if (folders.has(folder)) continue;
    watcher.close();
    watchers.delete(folder);
  }
  for (const folder of folders) {
    // An error is that of a folder which is gone.
    if (!watchers.has(folder)) watchers.set(folder, watch(folder, onChange).on("error", onChange));
  }
}

function onChange() {
  clearTimeout(timer);
  timer = setTimeout(build, QUIET_MS);
}

async function build() {
  if (isBuilding) {
    isStale = true;
    return;
  }
  isBuilding = true;
  do {
    isStale = false;
    // Before the build reads them: what changes later counts as a change.
    watchFolders();
    const main = fileURLToPath(new URL("main.mjs", import.meta.url));
    const [code] = await once(
      spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: "inherit" }),
      "exit",
    );
    console.log(
      `${new Date().toLocaleTimeString()} ${code === 0 ? "up to date" : "not built"}; waiting for changes`,
    );
  } while (isStale);
  isBuilding = false;
}

watch(ROOT, (_, name) => name === "asconfig.json" && onChange());
await build();
