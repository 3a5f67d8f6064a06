/** How the model stops where glibc would. */
import { abort } from "../allocator";

/** Stops; `chunk` is the one the complaint is about. */
export function stop(message: u64, chunk: u64): void {
  abort(message, chunk + 16);
}
