import { parseSize, parseTime } from "../base/flags.js";
import type { JailLimits } from "../jail/scenarios.js";

/** The flags of every command that runs modules in a jail, as typed. */
export interface LimitFlags {
  timeout: string;
  memory: string;
}

/** What a module may take. @throws UsageError */
export function parseLimits({ timeout, memory }: LimitFlags): Required<JailLimits> {
  return { seconds: parseTime(timeout, "--timeout"), memoryBytes: parseSize(memory, "--memory") };
}
