/** Whole files that commands read: modules, records, cost profiles, JavaScript. Traces are streams (source.ts). */
import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { formatBytes } from "../base/bytes.js";
import { useInput } from "./file-uses.js";

/** Bytes of a text that a command reads, at most. A larger one is something else. */
const MOST_TEXT_BYTES = 64 * 2 ** 20;

/**
 * Reads a file of `most` bytes at most. What is no file is not opened: reading a device may never end, and opening a pipe
 * that nobody writes to neither.
 * @throws UsageError if the file is also written, else an Error with the reason in words.
 */
export async function readBytes(file: string | URL, most: number): Promise<Uint8Array> {
  const path = typeof file === "string" ? file : fileURLToPath(file);
  useInput(path);
  const stats = await stat(path).catch(explain);
  if (stats.isDirectory()) throw new Error("it is a folder");
  if (!stats.isFile()) throw new Error("it is a device or a pipe: save it to a file first");
  if (stats.size > most)
    throw new Error(`it has ${formatBytes(stats.size)}: at most ${formatBytes(most)} are read`);
  return readFile(path).catch(explain);
}

/** The same of a text. */
export async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path, MOST_TEXT_BYTES));
}

const REASONS: Record<string, string> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
};

function explain(error: NodeJS.ErrnoException): never {
  throw new Error(REASONS[error.code ?? ""] ?? error.message, { cause: error });
}
