/**
 * The entry `zeropage/vitest`: `zeropage/testing`, with the types of the matchers for Vitest.
 *
 * @module zeropage/vitest
 */
import type { AllocatorMatchers } from "./testing/matchers.js";

export * from "./testing.js";

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: it has to be as Vitest's own declaration has it.
  interface Matchers<T = any> extends AllocatorMatchers {}
}
