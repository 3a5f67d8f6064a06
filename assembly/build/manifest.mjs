/**
 * build/manifest.json: what each module was built from. A module is stale if one of its own sources changed, and only
 * then. Contents are compared, not times, so that a checkout of another branch and back makes nothing stale.
 */
import { renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { hash } from "./hash.mjs";

/**
 * @typedef {object} ManifestEntry
 * @property {import("./modules.mjs").Module} module
 * @property {Record<string, string | null>} files
 *   Hashes of the files it was made from and of the files made, by path below the root; null for a missing file.
 */

/** @param {string} root */
const pathOf = (root) => join(root, "build/manifest.json");

/**
 * @param {string} root
 * @returns {Promise<Map<string, ManifestEntry>>} by the module's name; empty if the manifest cannot be read
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
 * @param {ReadonlyMap<string, ManifestEntry>} entries
 */
export function writeManifest(root, entries) {
  const sorted = [...entries].sort(([one], [other]) => (one < other ? -1 : 1));
  replaceFile(pathOf(root), JSON.stringify(Object.fromEntries(sorted), null, 1));
}

/**
 * The modules that would be different if they were built now.
 * @param {string} root
 * @param {ReadonlyMap<string, ManifestEntry>} entries
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
 * Replaces a file at once, by renaming a new one, because others may be reading it.
 * @param {string} path
 * @param {Uint8Array | string} contents
 */
export function replaceFile(path, contents) {
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, contents);
  renameSync(beside, path);
}
