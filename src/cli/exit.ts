import { oneLine } from "../base/printable.js";
import type { Environment } from "./environment.js";
import { writeLines } from "./terminal.js";

/**
 * Exit codes. `failed`: something ran and failed. `usage`: the command line is wrong, and nothing ran. `interrupted`: of a
 * program that Ctrl-C ended, 128 and the number of SIGINT.
 */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Writes one line about an error to stderr; with ZEROPAGE_DEBUG=1 its stack too. `where` says in what it happened. */
export function reportError(
  error: unknown,
  { stderr, env }: Pick<Environment, "stderr" | "env">,
  where = "",
): void {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const line = oneLine([where, message].filter(Boolean).join(": "));
  writeLines(stderr, `zeropage: ${line}\n`);
  if (env.ZEROPAGE_DEBUG === "1" && error instanceof Error) stderr.write(`${error.stack}\n`);
}
