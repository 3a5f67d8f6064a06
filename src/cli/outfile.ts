/** Files that commands write. Each is found writable, and free to be written, before long work begins. */
import fs from "node:fs";
import { dirname, extname } from "node:path";
import { UsageError } from "../base/errors.js";
import { cannotWrite, Draft, reasonOf, writeAll } from "./draft.js";
import { type Continued, useOutput } from "./file-uses.js";

/** A file that will be written as a whole, any number of times. */
export interface OutFile {
  path: string;
  /** Writes the whole file before it returns, so that it can be a process's last act. Nobody ever sees half of it. */
  write(text: string): void;
}

/** Makes sure, before long work, that a file can be written at `path`. Writes nothing yet. @throws UsageError */
export function prepareFile(flag: string, path: string, continued?: Continued): OutFile {
  const { open } = findPlace(flag, path, continued);
  return {
    path,
    write(text) {
      const file = open();
      file.append(text);
      file.finish();
    },
  };
}

/** The same of an SVG image. */
export function prepareSvg(flag: string, path: string): OutFile {
  const extension = extname(path).toLowerCase();
  if (extension !== "" && extension !== ".svg") {
    throw new UsageError(`${flag}: the chart is an SVG image: end "${path}" in .svg, not ${extension}`);
  }
  return prepareFile(flag, path);
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

/** Makes sure, before long work, that a file can be written at `path`. Writes nothing yet. @throws UsageError */
export function prepareStream(flag: string, path: string): OutStream {
  const file = findPlace(flag, path).open();
  return {
    path,
    append: (data) => file.append(data),
    finish: () => file.finish(),
    discard: () => file.discard(),
  };
}

/** What a place gives to write into. */
type Writable = Pick<Draft, "append" | "finish" | "discard">;

/** Where something is written. */
interface Place {
  open(): Writable;
}

function findPlace(flag: string, path: string, continued?: Continued): Place {
  const said = `${flag}: cannot write "${path}"`;
  const place = (() => {
    try {
      return placeOf(path);
    } catch (error) {
      throw new UsageError(`${said}: ${reasonOf(error)}`);
    }
  })();
  useOutput(flag, path, continued);
  return { open: () => (place.isFile ? new Draft(place.target, said) : new Device(path, said)) };
}

/** The file to replace, which of a symbolic link is its target, and whether it is a regular file, or will be. */
function placeOf(path: string): { target: string; isFile: boolean } {
  const existing = fs.statSync(path, { throwIfNoEntry: false });
  if (existing?.isDirectory()) throw new Error("it is a folder");
  if (existing) fs.accessSync(path, fs.constants.W_OK);
  if (existing && !existing.isFile()) return { target: path, isFile: false };
  const target = existing ? fs.realpathSync(path) : path;
  fs.accessSync(dirname(target), fs.constants.W_OK);
  return { target, isFile: true };
}

/** A pipe or a device, which cannot be replaced, only written. */
class Device implements Writable {
  #descriptor: number | undefined;

  constructor(
    private readonly path: string,
    private readonly said: string,
  ) {}

  append(data: string | Uint8Array): void {
    try {
      this.#descriptor ??= fs.openSync(this.path, "w");
      writeAll(this.#descriptor, typeof data === "string" ? Buffer.from(data) : data);
    } catch (error) {
      throw cannotWrite(this.said, error);
    }
  }

  finish(): void {
    this.append("");
    this.discard();
  }

  discard(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
