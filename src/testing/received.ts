/** What matchers are given: an allocator, or what one counted. */
import type { Allocator } from "../allocator/allocator.js";
import type { Counters } from "../allocator/counters.js";

/** An allocator, of which everything since it was opened is meant; or counters, such as `subtract` gives. */
export type Counted = Pick<Allocator, "counters"> | Counters;

export function isCounters(value: unknown): value is Counters {
  const { calls, faults, zeroed, syscalls, bytes } = (value ?? {}) as Partial<Counters>;
  return (
    typeof calls === "number" && [faults, zeroed, syscalls, bytes].every((part) => typeof part === "object")
  );
}

/** @throws TypeError for what is neither. */
export function countersOf(received: unknown): Counters {
  if (isCounters(received)) return received;
  const { counters } = (received ?? {}) as Partial<Allocator>;
  if (counters) return counters.call(received);
  throw new TypeError(
    "this matcher is about an allocator, or its counters: expect(sandbox), expect(subtract(later, earlier))",
  );
}

/** @throws TypeError for what is none. */
export function allocatorOf(received: unknown): Allocator {
  const allocator = received as Allocator;
  if (typeof allocator?.counters === "function" && typeof allocator.fillEnd === "function") return allocator;
  throw new TypeError("this matcher is about an allocator: expect(await openSandbox(…))");
}

/** Whether a value is bytes, of whatever realm: Jest's tests are in one of their own. */
export function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}
