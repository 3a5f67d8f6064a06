/** Emits dist/, except the page in dist/web/, which Vite builds. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";

/** What bundleWorker makes. */
export const BUNDLED_WORKER = "dist/jail/jail-worker.node.js";

/**
 * Emits dist/ from src/ and assembly/shared/ below `root`, and removes files whose source is gone. Does not check types.
 * @param {string} root
 */
export function emitLibrary(root) {
  for (const project of ["assembly/shared", "src"]) {
    const tsc = ["node_modules/typescript/bin/tsc", "-p", project, "--noCheck"];
    execFileSync(process.execPath, tsc, { cwd: root, stdio: "inherit" });
  }
  removeStale(join(root, "dist"), join(root, "src"));
  removeStale(join(root, "dist/shared"), join(root, "assembly/shared"));
  bundleWorker(root);
}

/**
 * Makes one file of all that the jail's Worker imports, for Node, which starts one for every case of `check`. It takes
 * 45 ms of CPU time, and 120 from single files.
 * @param {string} root
 */
function bundleWorker(root) {
  buildSync({
    entryPoints: [join(root, "dist/jail/jail-worker.js")],
    outfile: join(root, BUNDLED_WORKER),
    ...{ bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "warning" },
  });
}

/** Folders of dist/ that are not emitted from src/. */
const OTHERS = ["web", "shared"];

/**
 * Removes the files of an emitted folder that have no source in `sources`.
 * @param {string} emitted
 * @param {string} sources
 */
export function removeStale(emitted, sources) {
  for (const entry of readdirSync(emitted, { withFileTypes: true })) {
    if (OTHERS.includes(entry.name)) continue;
    const path = join(emitted, entry.name);
    const source = join(sources, entry.name.replace(/(\.d\.ts|\.js|\.js\.map)$/, ".ts"));
    if (!existsSync(source)) rmSync(path, { recursive: true });
    else if (entry.isDirectory()) removeStale(path, source);
  }
}
