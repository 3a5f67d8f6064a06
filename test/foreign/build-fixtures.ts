/** Puts every module of fixtures.ts into test/foreign/built/, where tests find them in Node and in the browser. */
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { type Fixture, fixtures, packages } from "./fixtures.js";

const HERE = new URL("./", import.meta.url);
const BUILT = new URL("built/", HERE);
const PACKAGES = new URL("../../node_modules/", HERE);

/** vitest's global setup. */
export default async function setup(): Promise<void> {
  await mkdir(BUILT, { recursive: true });
  const newest = (await stat(new URL("fixtures.ts", HERE))).mtimeMs;
  for (const [name, fixture] of Object.entries(fixtures))
    await make(name, newest, () => compile(name, fixture));
  for (const [name, path] of Object.entries(packages)) await make(name, newest, () => readPackaged(path));
}

/** Written beside and renamed, as another vitest may be reading. */
async function make(name: string, newest: number, bytes: () => Promise<Uint8Array>): Promise<void> {
  const output = new URL(`${name}.wasm`, BUILT);
  const built = await stat(output).catch(() => null);
  if (built && built.mtimeMs > newest) return;
  const beside = new URL(`${name}.${process.pid}`, BUILT);
  await writeFile(beside, await bytes());
  await rename(beside, output);
}

async function compile(name: string, { source, flags }: Fixture): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(["index.ts", "--optimize", "--outFile", "out.wasm", ...flags], {
    readFile: (path) => (path === "index.ts" ? source : null),
    writeFile: (_, contents) => {
      wasm = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || !wasm) throw new Error(`fixture ${name}: ${error?.message}\n${stderr.toString()}`);
  return wasm;
}

/** A package's module as it is; undici's is text in a script. */
async function readPackaged(path: string): Promise<Uint8Array> {
  const file = await readFile(fileURLToPath(new URL(path, PACKAGES)));
  if (path.endsWith(".wasm")) return file;
  const base64 = /'([\w+/=]{1000,})'/.exec(file.toString())?.[1];
  if (!base64) throw new Error(`no module in ${path}`);
  return Buffer.from(base64, "base64");
}
