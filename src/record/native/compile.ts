/** Builds what is in C with the system's compiler, once: what is built stays in a cache folder. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { access, mkdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { UsageError } from "../../base/errors.js";

const run = promisify(execFile);

/** Something to build. */
export interface Recipe {
  /** What it is called, where it cannot be kept and in its file's name. */
  name: string;
  /** Paths. What includes the others comes first. */
  sources: readonly string[];
  flags: readonly string[];
  libraries: readonly string[];
  /** Of the file. */
  ending: string;
}

const COMPILERS = ["cc", "gcc", "clang"];

const RECORDER_FOLDER = new URL("recorder/", import.meta.url);

const RECORDER: Recipe = {
  name: "recorder",
  sources: ["recorder.c", "file.h", "sites.h", "touches.h", "spawn.h"].map((name) =>
    fileURLToPath(new URL(name, RECORDER_FOLDER)),
  ),
  flags: [
    ...["-shared", "-fPIC", "-O2", "-std=gnu11", "-fvisibility=hidden", "-fno-builtin", "-static-libgcc"],
    // Thread-local variables of the other model may be allocated when they are first used.
    "-ftls-model=initial-exec",
  ],
  libraries: ["-ldl", "-pthread"],
  ending: ".so",
};

/** The environment of a command. */
export type Env = Readonly<Record<string, string | undefined>>;

export type Built = { state: "built"; path: string; compiler: string } | { state: "absent"; reason: string };

/** Where it stays. */
export function cacheFolder(env: Env): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "zeropage");
}

/** Finds the recorder, or builds it. `more`: further flags of the compiler. @throws UsageError if there is no place for it. */
export const findRecorder = (env: Env, more: readonly string[] = []): Promise<Built> =>
  findBuilt(RECORDER, env, more);

/** The same of anything. */
export async function findBuilt(recipe: Recipe, env: Env, more: readonly string[] = []): Promise<Built> {
  const reasons: string[] = [];
  for (const words of compilersOf(env)) {
    const name = words.join(" ");
    try {
      const version = await run(words[0] as string, [...words.slice(1), "--version"]);
      return { state: "built", path: await build(recipe, words, version.stdout, env, more), compiler: name };
    } catch (error) {
      if (error instanceof UsageError) throw error;
      reasons.push(reasonOf(name, error as NodeJS.ErrnoException & { stderr?: string }));
    }
  }
  return { state: "absent", reason: reasons.join("; ") };
}

function compilersOf({ CC }: Env): string[][] {
  return CC?.trim() ? [CC.trim().split(/\s+/)] : COMPILERS.map((name) => [name]);
}

function reasonOf(
  name: string,
  { code, stderr, message }: NodeJS.ErrnoException & { stderr?: string },
): string {
  if (code === "ENOENT") return `there is no ${name}`;
  const lines = (stderr || message).trim().split("\n");
  return `${name}: ${lines.find((line) => /error|failed/i.test(line)) ?? lines[0]}`;
}

/** The name tells sources, compiler and flags. The file is moved into its place, so that nobody loads half of it. */
async function build(
  { name, sources, flags: usual, libraries, ending }: Recipe,
  words: readonly string[],
  version: string,
  env: Env,
  more: readonly string[],
): Promise<string> {
  const flags = [...words.slice(1), ...usual, ...more];
  const texts = await Promise.all(sources.map((path) => readFile(path, "utf8")));
  const hash = createHash("sha256").update(JSON.stringify([words[0], version, flags, texts]));
  const folder = cacheFolder(env);
  const path = join(folder, `${name}-${hash.digest("hex").slice(0, 16)}${ending}`);
  if (existsSync(path)) return path;
  await makeFolder(folder, name);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await run(words[0] as string, [...flags, "-o", temporary, sources[0] as string, ...libraries]);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return path;
}

/** @throws UsageError with what to do if it cannot be written. */
async function makeFolder(folder: string, name: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch {
    throw new UsageError(
      `the ${name} cannot be kept in ${folder}: set XDG_CACHE_HOME to a folder that can be written`,
    );
  }
}
