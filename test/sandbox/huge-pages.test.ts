/** Huge pages as a sandbox shows them; test/machine/huge.test.ts holds them against the real kernel. */
import { expect, it } from "vitest";
import { type HugePagesKind, openSandbox } from "../../src/index.js";

const HUGE = 2 ** 21;
const MAPPED = 64 * 2 ** 20;

async function blockOf(hugePages: HugePagesKind, advises = false) {
  const sandbox = await openSandbox("naive", { hugePages, check: true });
  const at = sandbox.map(MAPPED);
  if (advises) sandbox.advise(at, MAPPED, "hugePage");
  return { sandbox, at };
}

it.each([
  ["never", true, 4096],
  ["madvise", false, 4096],
  ["madvise", true, HUGE],
  ["always", false, HUGE],
] as const)("mode %s, advised: %s, has %i bytes for a byte", async (mode, advises, bytes) => {
  const { sandbox, at } = await blockOf(mode, advises);
  const before = sandbox.counters();
  sandbox.touch(at, 1, "write");
  const { faults, zeroed, bytes: has } = sandbox.counters();
  expect(faults.zeroFill - before.faults.zeroFill).toBe(1);
  expect(zeroed.kernel - before.zeroed.kernel).toBe(bytes);
  expect(has.resident - before.bytes.resident).toBe(bytes);
  const huge = bytes === HUGE ? 1 : 0;
  expect(sandbox.hugePages()).toEqual({ faults: huge, mappedBytes: huge * HUGE, heldBytes: 0 });
  sandbox.check();
});

it("a frame is held as a whole, until memory is short", async () => {
  const { sandbox, at } = await blockOf("always");
  sandbox.fill(at, 7, 4096);
  sandbox.advise(at + HUGE / 2, HUGE / 2, "dontNeed");
  expect(sandbox.hugePages()).toEqual({ faults: 1, mappedBytes: 0, heldBytes: HUGE / 2 });
  expect(sandbox.counters().bytes.resident).toBe(HUGE / 2);
  sandbox.press();
  expect(sandbox.hugePages()).toEqual({ faults: 1, mappedBytes: 0, heldBytes: 0 });
  expect(sandbox.counters().bytes.resident).toBe(4096);
  expect(sandbox.read(at, 1)).toEqual(new Uint8Array([7]));
  expect(sandbox.read(at + 4096, 1)).toEqual(new Uint8Array([0]));
  sandbox.check();
});

it("go back to a checkpoint", async () => {
  const { sandbox, at } = await blockOf("always");
  const checkpoint = sandbox.checkpoint();
  sandbox.touch(at, 1, "write");
  sandbox.advise(at, 4096, "dontNeed");
  sandbox.restore(checkpoint);
  sandbox.touch(at + HUGE, 1, "write");
  expect(sandbox.hugePages()).toMatchObject({ faults: 1, mappedBytes: HUGE, heldBytes: 0 });
  sandbox.check();
});

it("are an option of no model whose machine has none, which says who has", async () => {
  // @ts-expect-error: its machine has none
  await expect(openSandbox("lazy", { hugePages: "always" })).rejects.toThrow(
    'lazy has no option "hugePages", which naive, glibc have; it has kernel',
  );
  const sandbox = await openSandbox("lazy");
  expect(() => sandbox.hugePages()).toThrow(
    "the machine of lazy has no huge pages, to be small: open naive, glibc",
  );
});
