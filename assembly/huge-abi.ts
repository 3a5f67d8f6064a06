/** What modules whose machine has huge pages export besides (build/modules.mjs). */
import * as huge from "./machine/huge";

/** `HugePages`: when Linux uses them. Before start. */
export function setHugePages(mode: u32): void {
  huge.set(mode);
}

/** Groups of 512 pages of the running process that are huge pages, with frames. */
export function hugeGroups(): f64 {
  return <f64>huge.hugeGroups();
}

/** Pages of huge frames that no process has any more, and the kernel holds. */
export function heldPages(): f64 {
  return <f64>huge.heldPages();
}

/** Memory is short: huge frames of which parts went are split. */
export function press(): void {
  huge.press();
}
