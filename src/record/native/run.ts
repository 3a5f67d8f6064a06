/** Runs a program in the place of this process: its streams, its signals and its end are those of the program. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { ZeropageError } from "../../base/errors.js";
import type { Env } from "./compile.js";

export interface Ended {
  process: number;
  /** As a shell has it: of a program that a signal ended, 128 and its number. */
  exitCode: number;
  /** The signal that ended it. */
  signal?: NodeJS.Signals;
}

/** What a terminal sends to all, the program included. */
const OF_TERMINAL: NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];
/** What only we get, and pass on. */
const PASSED_ON: NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];

/** Runs a command to its end. @throws ZeropageError if it cannot be started. */
export async function runProgram(
  [program, ...words]: readonly [string, ...string[]],
  env: Env,
): Promise<Ended> {
  const child = spawn(program, words, { stdio: "inherit", env: { ...env } });
  const stay = () => {};
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of OF_TERMINAL) process.on(signal, stay);
  for (const signal of PASSED_ON) process.on(signal, passOn);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", (error: NodeJS.ErrnoException) => reject(new ZeropageError(whyNot(program, error))));
      child.on("exit", (code, signal) =>
        resolve({
          process: child.pid as number,
          exitCode: code ?? 128 + constants.signals[signal as NodeJS.Signals],
          ...(signal && { signal }),
        }),
      );
    });
  } finally {
    for (const signal of OF_TERMINAL) process.off(signal, stay);
    for (const signal of PASSED_ON) process.off(signal, passOn);
  }
}

function whyNot(program: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return `there is no program "${program}", or not the interpreter that it names`;
  if (code === "EACCES") return `"${program}" may not be run: permission denied`;
  return message;
}
