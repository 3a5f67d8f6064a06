/** A system call, from where it is entered to where it is left: it is counted, and so are the pages that it walks. */
import { Counter, SYSCALL_COUNTERS, Syscall, WALKED_COUNTERS } from "../shared/counters";
import { add, counter } from "./counters";
import { enter, leave } from "./paths";

/** All calls so far. */
export let callsMade: u64 = 0;
let walkedBefore: u64 = 0;

/** Begins a system call. Returns the caller's path, for `leaveCall`. */
export function enterCall(fn: u32, call: Syscall): usize {
  const caller = enter(fn);
  add(SYSCALL_COUNTERS + call, 1);
  callsMade++;
  walkedBefore = counter(Counter.PagesWalked);
  return caller;
}

/** Pages that the call walked which is in progress, if one is: of what the kernel does in its middle for somebody else. */
export function walkedSoFar(): u64 {
  return counter(Counter.PagesWalked) - walkedBefore;
}

/** It goes on. */
export function resumeWalk(walked: u64): void {
  walkedBefore = counter(Counter.PagesWalked) - walked;
}

export function leaveCall(caller: usize, call: Syscall): void {
  const walked = counter(Counter.PagesWalked) - walkedBefore;
  if (walked) add(WALKED_COUNTERS + call, walked);
  leave(caller);
}
