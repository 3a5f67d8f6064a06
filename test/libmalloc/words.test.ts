/** What each version says of a pointer that it does not hold. */
import { expect, it } from "vitest";
import { openChecked } from "../checked.js";

const MIB = 2 ** 20;
const NOT_ALLOCATED = "pointer being freed was not allocated";

const open = (version: number) => openChecked("libmalloc", { version });

it.each([116, 166, 283, 425, 792])(
  "%i says of a large block freed twice that it was not allocated",
  async (version) => {
    const sandbox = await open(version);
    const pointer = sandbox.malloc(3 * MIB);
    sandbox.free(pointer);
    expect(() => sandbox.free(pointer)).toThrow(NOT_ALLOCATED);
    expect(() => sandbox.free(pointer + 8)).toThrow(NOT_ALLOCATED);
  },
);

it.each([
  [116, NOT_ALLOCATED, NOT_ALLOCATED],
  [283, NOT_ALLOCATED, NOT_ALLOCATED],
  [425, "Double free of object", "double free for ptr"],
  [792, "Double free of object", "double free for ptr"],
])("%i says of a tiny block freed twice: %s; of a small one: %s", async (version, tiny, small) => {
  const sandbox = await open(version);
  for (const [bytes, words] of [
    [100, tiny],
    [300, tiny],
    [4096, small],
  ] as const) {
    const [first = 0, , second = 0] = [sandbox.malloc(bytes), sandbox.malloc(bytes), sandbox.malloc(bytes)];
    sandbox.malloc(bytes);
    sandbox.free(first);
    expect(() => sandbox.free(first)).toThrow(words);
    sandbox.free(second);
    for (const pointer of [first, second]) expect(() => sandbox.free(pointer)).toThrow(words);
    for (const pointer of [first + 1, second + 8]) expect(() => sandbox.free(pointer)).toThrow(NOT_ALLOCATED);
    // Merged into the block before, it is not known any more.
    const [third = 0, fourth = 0] = [sandbox.malloc(3 * bytes), sandbox.malloc(3 * bytes)];
    sandbox.malloc(bytes);
    for (const pointer of [third, fourth, sandbox.malloc(bytes)]) sandbox.free(pointer);
    expect(() => sandbox.free(fourth)).toThrow(NOT_ALLOCATED);
  }
});

it.each([
  [116, "pointer being realloc'd was not allocated"],
  [425, "pointer being realloc'd was not allocated"],
  [792, NOT_ALLOCATED],
])("%i says of a realloc of what was freed: %s", async (version, words) => {
  const sandbox = await open(version);
  const pointer = sandbox.malloc(MIB);
  sandbox.free(pointer);
  expect(() => sandbox.realloc(pointer, 10)).toThrow(words);
  expect(() => sandbox.realloc(pointer, 0)).toThrow(NOT_ALLOCATED);
});
