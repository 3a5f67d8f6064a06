/** How calloc clears a block that was, or may have been, used before. */
import { clear, clearDirty } from "../../machine/access";
import { pageBytes } from "../../machine/layout";

let clearsOnlyDirty: bool = false;

export function clearOnlyDirty(only: bool): void {
  clearsOnlyDirty = only;
}

/** Below a page, to ask which pages were written costs more than to clear. */
export function clearBlock(address: u64, bytes: u64): void {
  if (clearsOnlyDirty && bytes >= pageBytes) clearDirty(address, bytes);
  else clear(address, bytes);
}
