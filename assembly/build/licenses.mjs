/** What the licences say of packages whose code goes along in ours: their texts have to go along, too. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Packages without such a file, and that of the same project which has it. @type {Record<string, string>} */
const OF_PROJECT = { "@assemblyscript/loader": "assemblyscript" };
/** What follows is of packages that are in a tool, and not in what it makes. */
const OF_TOOL = "# Licenses of bundled dependencies";

/**
 * The packages that files are of, by their paths.
 * @param {readonly string[]} files
 */
export function packagesOf(files) {
  const names = files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  return [...new Set(names.map((name) => OF_PROJECT[name] ?? name))];
}

/**
 * The licences of packages, with what else they ask to be named (NOTICE).
 * @param {string} root
 * @param {readonly string[]} packages
 */
export function licensesOf(root, packages) {
  const texts = [...packages].sort().map((name) => {
    const folder = join(root, "node_modules", name);
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)(\.md|\.txt)?$/i.test(file));
    if (!files.some((file) => /^licen/i.test(file))) throw new Error(`${name} has no file with its licence`);
    const read = files.map((file) => readFileSync(join(folder, file), "utf8").split(OF_TOOL)[0]?.trim());
    return `${[name, ...read].join("\n\n")}\n`;
  });
  return texts.join("\n\n");
}
