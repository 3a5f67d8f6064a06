/**
 * What each module was built from, in build/manifest.json: a module is stale when one of its own sources changed,
 * and only then. By contents, not times, so that a checkout of another branch and back makes nothing stale.
 */
import { renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { hash } from "./hash.mjs";

/**
 * @typedef {object} Entry
 * @property {import("./modules.mjs").Module} module
 * @property {Record<string, string | null>} files
 *   Hashes of what it was made from and of what was made, by path below the root; null for what was not there.
 */

/** @param {string} root */
const pathOf = (root) => join(root, "build/manifest.json");

/**
 * @param {string} root
 * @returns {Promise<Map<string, Entry>>} by the module's name; empty where none can be read
 */
export async function readManifest(root) {
  const text = await readFile(pathOf(root), "utf8").catch(() => "{}");
  try {
    return new Map(Object.entries(JSON.parse(text)));
  } catch {
    return new Map();
  }
}

/**
 * @param {string} root
 * @param {ReadonlyMap<string, Entry>} entries
 */
export function writeManifest(root, entries) {
  const sorted = [...entries].sort(([one], [other]) => (one < other ? -1 : 1));
  replaceFile(pathOf(root), JSON.stringify(Object.fromEntries(sorted), null, 1));
}

/**
 * The modules that are not what would be built now.
 * @param {string} root
 * @param {ReadonlyMap<string, Entry>} entries
 * @param {readonly import("./modules.mjs").Module[]} modules
 */
export async function staleModules(root, entries, modules) {
  /** @type {Map<string, Promise<string | null>>} */
  const hashes = new Map();
  /** @param {string} path */
  const hashNow = (path) => {
    const known = hashes.get(path) ?? hashFile(join(root, path));
    hashes.set(path, known);
    return known;
  };
  /** @param {import("./modules.mjs").Module} module */
  const isStale = async (module) => {
    const entry = entries.get(module.name);
    if (!entry || JSON.stringify(entry.module) !== JSON.stringify(module)) return true;
    const changed = Object.entries(entry.files).map(async ([path, then]) => (await hashNow(path)) !== then);
    return (await Promise.all(changed)).includes(true);
  };
  const stale = await Promise.all(modules.map(isStale));
  return modules.filter((_, i) => stale[i]);
}

/** @param {string} path */
async function hashFile(path) {
  const contents = await readFile(path).catch(() => null);
  return contents && hash(contents);
}

/**
 * Written beside and renamed, as others may be reading.
 * @param {string} path
 * @param {Uint8Array | string} contents
 */
export function replaceFile(path, contents) {
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, contents);
  renameSync(beside, path);
}
