import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Spawning {
  input?: string;
  /** Closes its stdout before it writes. */
  closeEarly?: boolean;
  /** The folder it runs in, if not the root folder. */
  cwd?: string;
  started?: (child: ChildProcess) => void;
}

/** Runs the built command in a process of its own, with `input` on stdin. */
export function zeropage(argv: readonly string[], spawning: Spawning = {}): Promise<Ended> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build`);
  const { input = "", closeEarly = false, cwd = ROOT, started } = spawning;
  const { NO_COLOR: _, FORCE_COLOR: __, COLUMNS: ___, ...env } = process.env;
  const child = spawn(process.execPath, [MAIN, ...argv], { env, cwd });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    ended.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    ended.stderr += chunk;
  });
  if (closeEarly) child.stdout.destroy();
  // It need not read what it is given.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  started?.(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...ended, code }));
  });
}
