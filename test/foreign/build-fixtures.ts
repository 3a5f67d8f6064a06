/** Puts every module of fixtures.ts into test/foreign/built/, where tests find them in Node and in the browser. */
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import type { TestProject } from "vitest/node";
import { compileC, programOf } from "./build-c.js";
import { C_PACKAGES, type CFixture, cFixtures } from "./c-fixtures.js";
import { type Fixture, fixtures, packages } from "./fixtures.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Fixtures that could not be built here, and why. */
    absent: Record<string, string>;
  }
}

const HERE = new URL("./", import.meta.url);
const BUILT = new URL("built/", HERE);
const PACKAGES = new URL("../../node_modules/", HERE);

/** vitest's global setup. */
export default async function setup({ provide }: TestProject): Promise<void> {
  const absent = await buildFixtures();
  const names = Object.keys(absent);
  if (names.length > 0) {
    const why = `tests of ${names.join(", ")} not run, for they do not build (install ${C_PACKAGES}): ${absent[names[0] as string]}`;
    if (process.env.CI === "true") throw new Error(why);
    console.warn(why);
  }
  provide("absent", absent);
}

/** Builds all that are older than what says how. Returns why those of C that could not be built were not. */
export async function buildFixtures(): Promise<Record<string, string>> {
  await mkdir(BUILT, { recursive: true });
  const changed = await newest(new URL("fixtures.ts", HERE), new URL("../fuzz/planted.ts", HERE));
  for (const [name, fixture] of Object.entries(fixtures))
    await make(name, changed, () => compile(name, fixture));
  for (const [name, path] of Object.entries(packages)) await make(name, changed, () => readPackaged(path));
  const absent: Record<string, string> = {};
  for (const [name, fixture] of Object.entries(cFixtures)) {
    const changedC = await newest(new URL("c-fixtures.ts", HERE), programOf(fixture));
    await make(name, changedC, () => buildC(name, fixture)).catch(({ message }: Error) => {
      absent[name] = message;
    });
  }
  return absent;
}

/** Puts the JavaScript that comes with a module beside it. */
async function buildC(name: string, fixture: CFixture): Promise<Uint8Array> {
  const { wasm, glue } = await compileC(fixture);
  if (glue) await writeFile(new URL(`${name}.glue`, BUILT), glue);
  return wasm;
}

/** When the last of them was changed. */
async function newest(...files: URL[]): Promise<number> {
  return Math.max(...(await Promise.all(files.map((file) => stat(file)))).map(({ mtimeMs }) => mtimeMs));
}

/** Written beside and renamed, as another vitest may be reading. */
async function make(name: string, changed: number, bytes: () => Promise<Uint8Array>): Promise<void> {
  const output = new URL(`${name}.wasm`, BUILT);
  const built = await stat(output).catch(() => null);
  if (built && built.mtimeMs > changed) return;
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
