import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Ended, zeropage } from "../../cli/spawn.js";
import { operations } from "../../trace/helpers.js";

const run = promisify(execFile);

/** Compiles a program of C, or the recorder, as this is checked. */
export const STRICT = ["-Wall", "-Wextra", "-Werror"];

/** A folder of a test, in which traces are made. */
export class Workshop {
  private constructor(readonly folder: string) {}

  static open = async (): Promise<Workshop> =>
    new Workshop(await mkdtemp(join(tmpdir(), "zeropage-record-test-")));

  close = (): Promise<void> => rm(this.folder, { recursive: true, force: true });

  path = (name: string): string => join(this.folder, name);

  /** Builds the program beside the tests. Returns its path. */
  async build(name = "program", flags: readonly string[] = []): Promise<string> {
    const source = fileURLToPath(new URL("program.c", import.meta.url));
    const path = this.path(name);
    await run("gcc", [
      "-O1",
      "-fno-inline",
      "-fno-builtin",
      "-pthread",
      ...STRICT,
      ...flags,
      source,
      "-o",
      path,
    ]);
    return path;
  }

  /** Records a command, into out.gz unless a flag says otherwise. */
  record(command: readonly string[], flags: readonly string[] = []): Promise<Ended> {
    return zeropage(["record", "--force", "--output", this.path("out.gz"), ...flags, "--", ...command]);
  }

  /** The operations of a trace, without times. */
  async trace(name = "out.gz"): Promise<string[]> {
    const lines = await operations(new Uint8Array(await readFile(this.path(name))));
    return lines.filter((line) => !line.startsWith("@"));
  }

  /** What there is but the programs. */
  traces = async (): Promise<string[]> =>
    (await readdir(this.folder)).filter((name) => name.endsWith(".gz")).sort();
}

/** A trace with touches between two calls sorted: blocks are looked at in no order. */
export function sortedTouches(lines: readonly string[]): string[] {
  const sorted: string[] = [];
  let touches: string[] = [];
  for (const line of lines) {
    if (/^[lw] /.test(line)) {
      touches.push(line);
    } else {
      sorted.push(...touches.sort(), line);
      touches = [];
    }
  }
  return [...sorted, ...touches.sort()];
}

/** Lines that are alike but for numbers that nobody chose. */
export const withoutNumbers = (text: string): string[] =>
  text
    .trim()
    .replace(/[\d,]+/g, "N")
    .split("\n");
