import { UsageError } from "../base/errors.js";
import { parseSize, parseTime } from "../base/flags.js";
import type { JailLimits } from "../jail/scenarios.js";

/** The flags of every command that runs modules in a jail, as typed. */
export interface LimitFlags {
  timeout: string;
  memory: string;
}

/** A page of a wasm memory. */
const LEAST_MEMORY = 65_536;

/** What a module may take. @throws UsageError */
export function parseLimits({
  timeout,
  memory,
}: LimitFlags): Required<Pick<JailLimits, "seconds" | "memoryBytes">> {
  const memoryBytes = parseSize(memory, "--memory");
  if (memoryBytes < LEAST_MEMORY) {
    throw new UsageError(`--memory: "${memory}" is less than one page of a wasm memory: write 64KiB or more`);
  }
  return { seconds: parseTime(timeout, "--timeout"), memoryBytes };
}
