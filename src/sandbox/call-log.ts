/** The log that a check build keeps of system calls, and of what a layer calls below: assembly/machine/call-log.ts. */
import { LOG_ARGUMENTS, LOG_CALLS, LogField } from "#shared/call-log";
import { Below } from "#shared/layer";
import { ALL_SYSCALLS, type ProgramCall, type Syscall } from "../allocator/counters.js";
import { type NameOf, namesOf } from "../base/enums.js";
import { SandboxError } from "../base/errors.js";
import type { CheckExports } from "./exports.js";

/** What a layer calls below, as the log has it. */
type CallBelow = `${NameOf<typeof Below>} below`;

/**
 * A system call, or what a layer calls below, as the log of a check build has it: u64 each. Arguments that it does not
 * have are 0.
 */
export interface LoggedCall {
  name: Syscall | ProgramCall | CallBelow;
  arguments: bigint[];
  result: bigint;
}

/** By the numbers of the log. */
const LOGGED: readonly LoggedCall["name"][] = [
  ...ALL_SYSCALLS,
  ...namesOf(Below).map((name): CallBelow => `${name} below`),
];

/** What only a check build exports. @throws SandboxError for another build. */
export function checkExports(exports: object): CheckExports {
  const { callLog, callsLogged, digest }: Partial<CheckExports> = exports;
  if (callLog && callsLogged && digest) return { callLog, callsLogged, digest };
  throw new SandboxError("only a check build logs calls and makes digests");
}

/**
 * The calls after the first `from`, read from linear memory.
 * @throws SandboxError when some of them are no longer in the log.
 */
export function callsSince(
  from: number,
  { callLog, callsLogged }: CheckExports,
  memory: DataView,
): LoggedCall[] {
  const count = callsLogged() - from;
  if (count > LOG_CALLS) throw new SandboxError(`the log holds ${LOG_CALLS} calls, not ${count}`);
  return Array.from({ length: count }, (_, i) => {
    const at = callLog() + LogField.End * ((from + i) % LOG_CALLS);
    const word = (field: number) => memory.getBigUint64(at + field, true);
    return {
      name: LOGGED[Number(word(LogField.Call))] as LoggedCall["name"],
      arguments: Array.from({ length: LOG_ARGUMENTS }, (_, n) => word(LogField.Arguments + 8 * n)),
      result: word(LogField.Result),
    };
  });
}
