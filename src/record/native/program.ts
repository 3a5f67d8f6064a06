/** Finds a program, and says whether a recorder can be preloaded into it. */
import { constants } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { UsageError } from "../../base/errors.js";
import type { Env } from "./compile.js";
import { readElf } from "./elf.js";

const SET_ID = 0o6000;

/** The path of a program, as a shell finds it. @throws UsageError if there is none. */
export async function findProgram(name: string, { PATH = "" }: Env): Promise<string> {
  const paths = name.includes("/") ? [name] : PATH.split(":").map((folder) => join(folder || ".", name));
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return path;
    if (found?.isDirectory() && path === name) throw new UsageError(`"${name}" is a folder, and no program`);
  }
  throw new UsageError(`there is no program "${name}": write its path, or a name that PATH has`);
}

/** Whether a file is a wasm module. What is no file, or cannot be read, is none. */
export async function isWasm(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  const file = found?.isFile() ? await open(path).catch(() => undefined) : undefined;
  try {
    const { bytesRead, buffer } = (await file?.read(Buffer.alloc(4), 0, 4, 0)) ?? {
      bytesRead: 0,
      buffer: "",
    };
    return bytesRead === 4 && buffer.toString() === "\0asm";
  } finally {
    await file?.close();
  }
}

/** @throws UsageError if it may not be run. */
export async function checkProgram(path: string): Promise<void> {
  const mayRun = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!mayRun) throw new UsageError(`"${path}" may not be run: chmod +x would allow it`);
}

/** Why nothing can be preloaded into a program, and what to do about it; undefined if something can, or for a script. */
export async function whyNotPreloaded(path: string): Promise<string | undefined> {
  const [elf, { mode, uid }] = await Promise.all([readElf(path), stat(path)]);
  const name = basename(path);
  if (elf?.bits === 32)
    return `${name} is a program of 32 bits, and the recorder is one of 64: add --with valgrind`;
  if (elf && !elf.isDynamic)
    return `${name} is linked statically, so that nothing can be preloaded into it: link it without -static`;
  if (mode & SET_ID && uid !== process.getuid?.())
    return `${name} runs with the rights of another user, so that nothing can be preloaded into it: record as that user`;
  return undefined;
}
