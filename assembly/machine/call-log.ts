/**
 * The last system calls, with their arguments and results, for tests that hold them against a real kernel's. Kept in
 * check builds only. The log is a ring: call n is in place n % LOG_CALLS.
 */
import { LOG_CALLS, LogField } from "../shared/call-log";

const LOG: usize = isDefined(ZP_CHECK) ? memory.data(<i32>LogField.End * LOG_CALLS, 8) : 0;
let logged: u64 = 0;

/** Notes a call that returns. Arguments that it does not have are 0; a result of -1 is 2^64 - 1. */
export function logCall(call: u32, first: u64, second: u64, third: u64, fourth: u64, result: u64): void {
  const at = LOG + <usize>(logged % LOG_CALLS) * LogField.End;
  store<u64>(at, call, LogField.Call);
  store<u64>(at, first, LogField.Arguments);
  store<u64>(at, second, LogField.Arguments + 8);
  store<u64>(at, third, LogField.Arguments + 16);
  store<u64>(at, fourth, LogField.Arguments + 24);
  store<u64>(at, result, LogField.Result);
  logged++;
}

/** Address of the log. */
export function callLog(): usize {
  return LOG;
}

/** Calls since the start. */
export function callsLogged(): f64 {
  return <f64>logged;
}
