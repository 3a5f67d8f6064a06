/**
 * What the run of a command reads and writes. A file that it reads is never one that it writes, and a file that is there
 * is not replaced unasked: both are found out before any work. Files are the same if the system says so, whatever they
 * are called: `./a`, a symbolic link to it, a hard link.
 *
 * Invariant: no identity is both among what is read and what is written, but for what a run goes on with.
 */
import { type BigIntStats, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../base/errors.js";

/** What is read: what is said of it, by its identity. */
const read = new Map<string, string>();
/** What is written: the flag and path, by its identity. */
const written = new Map<string, string>();
/** What is gone on with: read first, and written then. */
const continued = new Set<string>();
let mayReplace = false;

/** Forgets the run before. `force`: whether files that are there may be replaced. */
export function beginFileUses(force: boolean): void {
  read.clear();
  written.clear();
  continued.clear();
  mayReplace = force;
}

/** Notes a file that is read. @throws UsageError if it is also written. */
export function useInput(path: string): void {
  const identity = identityOf(path);
  if (identity === undefined || continued.has(identity)) return;
  const flag = written.get(identity);
  if (flag !== undefined) throw inputLost(flag, path);
  read.set(identity, path);
}

/** A file that a run goes on with: it is read first, and replaced then. */
export interface Continued {
  continues?: string | undefined;
}

/**
 * Notes a file that is written.
 * @throws UsageError if it is also read, is written under another flag too, or is there with something in it and may not
 * be replaced.
 */
export function useOutput(flag: string, path: string, { continues }: Continued = {}): void {
  const identity = identityOf(path);
  if (identity === undefined) return;
  const other = written.get(identity);
  if (other !== undefined)
    throw new UsageError(`${flag}: "${path}" is the file of ${other} too: name another file`);
  const input = read.get(identity);
  if (continues !== undefined && identity === identityOf(continues)) continued.add(identity);
  else if (input !== undefined) throw inputLost(`${flag} ${path}`, input);
  else if (isTaken(path))
    throw new UsageError(
      `${flag}: "${path}" is there already: name another file, or replace it with --force`,
    );
  written.set(identity, `${flag} ${path}`);
}

/** Whether a file is there that may not be replaced. One that is empty may be: nothing is lost. */
export const isTaken = (path: string) => !mayReplace && sizeOf(path) > 0;

const inputLost = (output: string, input: string) =>
  new UsageError(`${output} would replace ${input}, which is read: name another file`);

/** What a regular file is, or will be, whatever it is called; undefined for a pipe or a device, which nothing replaces. */
function identityOf(path: string): string | undefined {
  const stats = statOf(path);
  if (stats) return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return undefined;
  }
}

const sizeOf = (path: string) => statOf(path)?.size ?? 0n;

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    // Whoever opens it says why it cannot be.
    return undefined;
  }
}
