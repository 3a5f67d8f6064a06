/** The package as users have it: what `npm pack` packs, unpacked. */
import { execFile } from "node:child_process";
import { cp, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LOADER = "node_modules/@assemblyscript/loader";

export const run = promisify(execFile);

/** Puts the package, and what it needs, below node_modules of a folder, as npm would. */
export async function unpackInto(folder: string): Promise<void> {
  // Without scripts: `prepare` would build again, under the tests that are reading build/.
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await run("npm", pack, { cwd: ROOT });
  const [{ filename }] = JSON.parse(stdout);
  await run("tar", ["-xf", filename], { cwd: folder });
  await mkdir(join(folder, "node_modules"));
  await rename(join(folder, "package"), join(folder, "node_modules/zeropage"));
  await cp(join(ROOT, LOADER), join(folder, LOADER), { recursive: true });
}
