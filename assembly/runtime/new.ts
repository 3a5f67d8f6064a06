/** `__new` that does not collect: see globals.ts. */
import { create } from "../collector/collector";

@global @unsafe
export function __new(bytes: usize, id: u32): usize {
  return create(bytes, id);
}
