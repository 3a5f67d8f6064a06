import type { Environment } from "./environment.js";

/** What the process tells its parent. `failed`: something ran and failed. `usage`: the command line asks for what cannot be done. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Writes one line about an error to stderr; with ZEROPAGE_DEBUG=1 its stack too. `where` says what was being done. */
export function reportError(
  error: unknown,
  { stderr, env }: Pick<Environment, "stderr" | "env">,
  where = "",
): void {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const line = [where, message]
    .filter(Boolean)
    .join(": ")
    .replace(/\s*\n\s*/g, " ");
  stderr.write(`zeropage: ${line}\n`);
  if (env.ZEROPAGE_DEBUG === "1" && error instanceof Error) stderr.write(`${error.stack}\n`);
}
