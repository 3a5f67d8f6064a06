/**
 * `npm run watch [NAME...]`: runs `npm run build` now, and again after every change to the sources. Each run is a new
 * process, so that a change to the build itself takes effect too.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TREES = ["src", "assembly"].map((tree) => join(ROOT, tree));
/** Time without changes before a build starts: an editor that saves, or a checkout, makes many changes at once. */
const QUIET_MS = 100;

/**
 * A watcher for each folder: to watch whole trees misses changes in some versions of Node.
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
    // An error means that the folder is gone.
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
    // Watches before the build reads the files, so that no later change is missed.
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
