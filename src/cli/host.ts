/** What a command runs on. */
import { cpus } from "node:os";

/** The name of a JavaScript runtime and its version: Bun and Deno say that they are Node, too. */
export function runtimeName(
  versions: Readonly<Record<string, string | undefined>> = process.versions,
): string {
  if (versions.bun) return `Bun v${versions.bun}`;
  if (versions.deno) return `Deno v${versions.deno}`;
  return `Node v${versions.node}`;
}

/** The name of this host's CPU. */
export const cpuName = (): string => cpus()[0]?.model.trim() ?? "an unknown CPU";
