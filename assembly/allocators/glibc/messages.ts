/** How the model stops where glibc would. */
import { abort } from "../allocator";

/** Aborts with a message about a chunk. */
export function stop(message: u64, chunk: u64): void {
  abort(message, chunk + 16);
}
