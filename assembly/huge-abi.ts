/** What modules whose machine has huge pages export besides (build/modules.mjs). */
import { set } from "./machine/huge";
import * as walks from "./machine/span-walks";
import { press as pressHuge } from "./machine/splits";

/** `HugePages`: when Linux uses them. Before start. */
export function setHugePages(mode: u32): void {
  set(mode);
}

/** Groups of 512 pages of the running process that are huge pages, with frames. */
export function hugeGroups(): f64 {
  return <f64>walks.hugeGroups();
}

/** Pages of huge frames that no process has any more, and the kernel holds. */
export function heldPages(): f64 {
  return <f64>walks.heldPages();
}

/** Memory is short: huge frames of which parts went are split. */
export function press(): void {
  pressHuge();
}
