/**
 * A file that takes the place of another when it is whole, and only then: it is written beside it, brought to the disk,
 * and renamed. Whatever fails, what was there stays and nothing is left beside it.
 */
import fs from "node:fs";
import { ZeropageError } from "../base/errors.js";

/** Names that are tried before it is said that none is free. */
const MOST_NAMES = 100;

export class Draft {
  #descriptor: number | undefined;
  #path = "";

  /** `said`: how errors name it, such as `--output: cannot write "x"`. */
  constructor(
    private readonly target: string,
    private readonly said: string,
  ) {}

  /** Adds to the file, which it opens first if need be. @throws ZeropageError, and nothing is left of it then. */
  append(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    this.#try(() => writeAll(this.#open(), bytes));
  }

  /** Puts the file in its place. It is empty if nothing was added. @throws ZeropageError, and nothing is left of it then. */
  finish(): void {
    this.#try(() => {
      fs.fsyncSync(this.#open());
      this.#close();
      fs.renameSync(this.#path, this.target);
    });
  }

  /** Removes the file. */
  discard(): void {
    if (this.#path === "") return;
    try {
      this.#close();
    } finally {
      fs.rmSync(this.#path, { force: true });
      this.#path = "";
    }
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.discard();
      throw cannotWrite(this.said, error);
    }
  }

  /** A file of a name that was free: whatever lies there, by a link too, is not ours. */
  #open(): number {
    if (this.#descriptor !== undefined) return this.#descriptor;
    const mode = fs.statSync(this.target, { throwIfNoEntry: false })?.mode;
    for (let number = 1; ; number++) {
      const path = `${this.target}.${process.pid}-${number}.tmp`;
      try {
        this.#descriptor = fs.openSync(path, "wx", mode === undefined ? 0o666 : mode & 0o777);
        this.#path = path;
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST" || number === MOST_NAMES) throw error;
      }
    }
    // The mask of the process may have taken bits away that the file before has.
    if (mode !== undefined) fs.fchmodSync(this.#descriptor, mode & 0o777);
    return this.#descriptor;
  }

  #close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** Writes all bytes, however many the system takes at once. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(descriptor, bytes, at);
}

/** The reader of a pipe that has ended is told as it is: main.ts knows it. */
export function cannotWrite(said: string, error: unknown): Error {
  if ((error as NodeJS.ErrnoException).code === "EPIPE") return error as Error;
  return new ZeropageError(`${said}: ${reasonOf(error)}`, { cause: error });
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
