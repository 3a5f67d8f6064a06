import { access, constants, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { UsageError } from "./exit.js";

/** A file to be written later, found to be writable now. */
export interface OutFile {
  path: string;
  write(text: string): Promise<void>;
}

/** Makes sure, before long work, that an SVG file can be written at `path`. Writes nothing yet. */
export async function prepareSvg(flag: string, path: string): Promise<OutFile> {
  const extension = extname(path).toLowerCase();
  if (extension !== "" && extension !== ".svg") {
    throw new UsageError(`${flag}: the chart is an SVG image: end "${path}" in .svg, not ${extension}`);
  }
  try {
    return await prepare(path);
  } catch (error) {
    throw new UsageError(`${flag}: cannot write "${path}": ${reason(error as NodeJS.ErrnoException)}`);
  }
}

async function prepare(path: string): Promise<OutFile> {
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) throw new Error("it is a folder");
  if (existing) await access(path, constants.W_OK);
  // A pipe or a device cannot be replaced, only written.
  if (existing && !existing.isFile()) return { path, write: (text) => writeFile(path, text) };
  // Through a link, so that its target is what gets replaced.
  const target = existing ? await realpath(path) : path;
  await access(dirname(target), constants.W_OK);
  return { path, write: (text) => replace(target, text) };
}

/** Writes beside the target and renames, so that nobody ever sees half a file. */
async function replace(target: string, text: string): Promise<void> {
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text, { flag: "wx" });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const REASONS: Record<string, string> = {
  ENOENT: "there is no such folder",
  ENOTDIR: "a part of the path is not a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
};

function reason(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ""] ?? error.message;
}
