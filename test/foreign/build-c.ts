import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type CFixture, COMPILERS } from "./c-fixtures.js";

/** What a fixture is built of. */
export const programOf = ({ source = "program.c" }: CFixture) => new URL(source, import.meta.url);

const run = promisify(execFile);

/** emcc runs the Node that runs this, and scripts that need packages where Debian has them. */
const ENVIRONMENT = { EM_NODE_JS: process.execPath, NODE_PATH: "/usr/share/nodejs" };

/** What a compiler made of the program. `glue` is the JavaScript beside it, if it wrote any. */
export interface Compiled {
  wasm: Uint8Array;
  glue?: Uint8Array;
}

/** Compiles the program in a folder of its own. @throws Error with the compiler's words, or if there is none. */
export async function compileC(fixture: CFixture): Promise<Compiled> {
  const { compiler, flags } = fixture;
  await checkVersion(compiler);
  const folder = await mkdtemp(join(tmpdir(), "zeropage-c-"));
  try {
    const env = { ...process.env, ...ENVIRONMENT };
    await run(compiler, [fileURLToPath(programOf(fixture)), ...flags], { cwd: folder, env });
    const glue = await readFile(join(folder, "out.js")).catch(() => undefined);
    return { wasm: await readFile(join(folder, "out.wasm")), ...(glue && { glue }) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function checkVersion(compiler: CFixture["compiler"]): Promise<void> {
  const { stdout } = await run(compiler, ["--version"]);
  const [first = ""] = stdout.split("\n");
  if (!first.split(" ").includes(COMPILERS[compiler])) {
    throw new Error(`it has to be ${compiler} ${COMPILERS[compiler]}; this is ${first}`);
  }
}
