import { closeSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { access, constants, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { UsageError, ZeropageError } from "../base/errors.js";

/** A file that will be written later, and was found writable. */
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
  const place = await findPlace(flag, path);
  // A pipe or a device cannot be replaced, only written.
  return { path, write: (text) => (place.isFile ? replace(place.target, text) : writeFile(path, text)) };
}

/** A file that will be replaced as a whole, any number of times, and was found writable. */
export interface ReplaceableFile {
  path: string;
  /** Writes the whole file before it returns, so that it can be a process's last act. Nobody ever sees half of it. */
  writeNow(text: string): void;
}

/** Makes sure, before long work, that a file can be written at `path`. Writes nothing yet. */
export async function prepareFile(flag: string, path: string): Promise<ReplaceableFile> {
  const { target, isFile } = await findPlace(flag, path);
  return {
    path,
    writeNow(text) {
      if (!isFile) return writeFileSync(path, text);
      const temporary = temporaryFor(target);
      writeFileSync(temporary, text);
      renameSync(temporary, target);
    },
  };
}

/** A file that will be written piece by piece, and was found writable. */
export interface OutStream {
  path: string;
  /** Adds to the file, which it opens first if need be. Waits until all is written, so that memory stays constant. */
  append(data: string | Uint8Array): void;
  /** Puts the file in its place. It is empty if nothing was added. */
  finish(): void;
  /** Removes the file. What went into a pipe or a device stays there. */
  discard(): void;
}

/** Makes sure, before long work, that a file can be written at `path`. Writes nothing yet. */
export async function prepareStream(flag: string, path: string): Promise<OutStream> {
  const { target, isFile } = await findPlace(flag, path);
  const written = isFile ? temporaryFor(target) : path;
  let descriptor: number | undefined;
  const open = () => {
    descriptor ??= openSync(written, isFile ? "wx" : "w");
    return descriptor;
  };
  const close = () => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  return {
    path,
    append(data) {
      const bytes = typeof data === "string" ? Buffer.from(data) : data;
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(open(), bytes, at);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EPIPE") throw error;
        throw new ZeropageError(`${flag}: cannot write "${path}": ${reasonOf(error)}`, { cause: error });
      }
    },
    finish() {
      open();
      close();
      if (isFile) renameSync(written, target);
    },
    discard() {
      close();
      if (isFile) rmSync(written, { force: true });
    },
  };
}

interface Place {
  /** The file to replace: of a symbolic link, its target. */
  target: string;
  /** Whether it is a regular file, or will be. */
  isFile: boolean;
}

async function findPlace(flag: string, path: string): Promise<Place> {
  try {
    return await placeOf(path);
  } catch (error) {
    throw new UsageError(`${flag}: cannot write "${path}": ${reasonOf(error)}`);
  }
}

async function placeOf(path: string): Promise<Place> {
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) throw new Error("it is a folder");
  if (existing) await access(path, constants.W_OK);
  if (existing && !existing.isFile()) return { target: path, isFile: false };
  const target = existing ? await realpath(path) : path;
  await access(dirname(target), constants.W_OK);
  return { target, isFile: true };
}

const temporaryFor = (target: string) => `${target}.${process.pid}.tmp`;

/** Writes beside the target and renames, so that nobody ever sees half a file. */
async function replace(target: string, text: string): Promise<void> {
  const temporary = temporaryFor(target);
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
  ENOSPC: "there is no space left on the device",
  EDQUOT: "the disk quota is used up",
};

/** Why the system refuses something about a file, in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ""] ?? message;
}
