import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlotTable } from "../../src/trace/slots.js";

/** What the table must do, in the plainest way. */
class Model {
  readonly slots = new Map<number, number>();
  readonly free: number[] = [];
  made = 0;

  find(key: number): number {
    return this.slots.get(key) ?? -1;
  }

  add(key: number): number {
    if (this.slots.has(key)) return -1;
    const slot = this.free.pop() ?? this.made++;
    this.slots.set(key, slot);
    return slot;
  }

  remove(key: number): number {
    const slot = this.find(key);
    if (this.slots.delete(key)) this.free.push(slot);
    return slot;
  }

  rename(from: number, to: number): number {
    const slot = this.find(from);
    if (from === to || slot === -1 || this.slots.has(to)) return from === to ? slot : -1;
    this.slots.delete(from);
    this.slots.set(to, slot);
    return slot;
  }
}

describe("the slot table", () => {
  it("hands slots out densely, and the last one given back first", () => {
    const table = new SlotTable();
    expect([70, 2 ** 47, 7].map((key) => table.add(key))).toEqual([0, 1, 2]);
    expect([table.remove(70), table.remove(7)]).toEqual([0, 2]);
    expect([1, 2, 3].map((key) => table.add(key))).toEqual([2, 0, 3]);
    expect([table.made, table.live]).toEqual([4, 4]);
  });

  it("does what a plain map and a stack do, whatever the keys", () => {
    const keys = fc.oneof(
      fc.nat(40),
      fc.nat(20).map((n) => n * 2 ** 32), // the same low half
      fc.nat(40).map((n) => 2 ** 46 + n * 4096),
      fc.constant(Number.MAX_SAFE_INTEGER),
    );
    const operation = fc.tuple(fc.constantFrom("add", "remove", "find", "rename"), keys, keys);
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
        const table = new SlotTable();
        const model = new Model();
        for (const [name, key, other] of operations) {
          const actual = name === "rename" ? table.rename(key, other) : table[name](key);
          const expected = name === "rename" ? model.rename(key, other) : model[name](key);
          expect(actual).toBe(expected);
          expect(table.live).toBe(model.slots.size);
        }
        for (const [key, slot] of model.slots) expect(table.find(key)).toBe(slot);
        expect(table.made).toBe(model.made);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps everything while it grows, and stays exact when full of churn", () => {
    const table = new SlotTable();
    const model = new Model();
    for (let n = 0; n < 5000; n++) expect(table.add(n * 16 + 2 ** 40)).toBe(model.add(n * 16 + 2 ** 40));
    for (let n = 0; n < 5000; n += 3)
      expect(table.remove(n * 16 + 2 ** 40)).toBe(model.remove(n * 16 + 2 ** 40));
    for (let n = 0; n < 8000; n++) expect(table.add(n)).toBe(model.add(n));
    for (const [key, slot] of model.slots) expect(table.find(key)).toBe(slot);
  });
});

it("keys that collide in the table's multiplication alone take no more time than others", () => {
  // The product of the low half is that of the high half: without a salt, all of them would lie in one place.
  const inverse = Number(inverseOf(0x9e3779b1n));
  const keys = Array.from({ length: 300_000 }, (_, high) => {
    const low = Math.imul(inverse, Math.imul(high, 0x85ebca6b)) >>> 0;
    return high * 2 ** 32 + low;
  });
  const table = new SlotTable();
  expect(keys.every((key, slot) => table.add(key) === slot)).toBe(true);
});

/** By which an odd number is multiplied to give 1 (mod 2^32): each round doubles the bits that are right. */
function inverseOf(odd: bigint): bigint {
  let inverse = odd;
  for (let round = 0; round < 5; round++) inverse = BigInt.asUintN(32, inverse * (2n - odd * inverse));
  return inverse;
}
