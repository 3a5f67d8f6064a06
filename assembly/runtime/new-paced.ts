/** `__new` that collects: see globals.ts. */
import { create, pace } from "../collector/collector";

@global @unsafe
export function __new(bytes: usize, id: u32): usize {
  pace();
  return create(bytes, id);
}
