/** Where an allocator leaves off in the middle of its work, the machine says that it has ended, and never lies. */
import { describe, expect, it } from "vitest";
import { numbersOf } from "../../src/base/random.js";
import {
  AllocatorAbort,
  type Options,
  OutOfMemory,
  openModel,
  openSandbox,
  type Sandbox,
  SandboxError,
  SegmentationFault,
} from "../../src/index.js";

const KIB = 1024;

/** Takes and frees blocks until that fails. Returns the error. */
function useUp(sandbox: Sandbox, seed: number): unknown {
  const below = numbersOf(seed);
  const live: number[] = [];
  try {
    for (let i = 0; i < 3000; i++) {
      const [freed] = live.length > 0 && below(3) === 0 ? live.splice(below(live.length), 1) : [];
      if (freed !== undefined) sandbox.free(freed);
      else live.push(...[sandbox.malloc(16 * below(2000))].filter((pointer) => pointer !== 0));
    }
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Models on machines that are so small that what they write of their own finds no frame. */
const SMALL: [model: string, options: Options][] = [
  ["libmalloc", { memory: 256 * KIB, pageSize: 16 * KIB }],
  ["mimalloc", { memory: 512 * KIB }],
];

describe.each(SMALL)("%s, in whose work memory ends,", (model, options) => {
  it.each([1, 2, 3])(
    "has ended, refuses everything, and is as before once a checkpoint is restored (seed %i)",
    async (seed) => {
      const sandbox = await openModel(model, options);
      const pointer = sandbox.malloc(8);
      const [before, counters] = [sandbox.checkpoint(), sandbox.counters()];
      expect(useUp(sandbox, seed)).toBeInstanceOf(OutOfMemory);
      for (const call of [
        () => sandbox.malloc(8),
        () => sandbox.free(pointer),
        () => sandbox.counters(),
        () => sandbox.load(pointer, 1),
        () => sandbox.checkpoint(),
        () => sandbox.check(),
      ]) {
        expect(call).toThrow(SandboxError);
        expect(call).toThrow("the machine has ended (out of physical memory");
      }
      sandbox.restore(before);
      sandbox.check();
      expect(sandbox.counters()).toEqual(counters);
      expect(useUp(sandbox, seed)).toBeInstanceOf(OutOfMemory);
      sandbox.close();
      expect(() => sandbox.malloc(8)).toThrow("the sandbox is closed");
    },
  );
});

it("a program's access that memory is too small for changes nothing, and the machine goes on", async () => {
  const sandbox = await openSandbox("naive", { memory: 64 * 2 ** 20 });
  const [one, other] = [sandbox.malloc(40 * 2 ** 20), sandbox.malloc(40 * 2 ** 20)];
  sandbox.touch(one, 40 * 2 ** 20);
  const before = sandbox.counters();
  expect(() => sandbox.touch(other, 40 * 2 ** 20)).toThrow(OutOfMemory);
  expect(sandbox.counters()).toEqual(before);
  sandbox.check();
  sandbox.free(one);
  sandbox.touch(other, 40 * 2 ** 20);
});

describe("misuse that an allocator notices", () => {
  it("before it has changed anything leaves the sandbox as it was", async () => {
    const sandbox = await openSandbox("glibc");
    const pointer = sandbox.malloc(8);
    sandbox.free(pointer);
    const { bytes } = sandbox.counters();
    expect(() => sandbox.free(pointer)).toThrow("double free");
    expect(sandbox.counters().bytes).toEqual(bytes);
    expect(sandbox.malloc(8)).toBe(pointer);
  });

  it("after it has changed something ends the machine", async () => {
    const sandbox = await openSandbox("glibc");
    const pointer = sandbox.malloc(2000);
    sandbox.malloc(8);
    sandbox.free(pointer);
    const before = sandbox.checkpoint();
    const { inUse } = sandbox.counters().bytes;
    // It takes another block first, and copies: only then it frees what is free.
    expect(() => sandbox.realloc(pointer, 3000)).toThrow(AllocatorAbort);
    expect(() => sandbox.counters()).toThrow("the machine has ended");
    sandbox.restore(before);
    expect(sandbox.counters().bytes.inUse).toBe(inUse);
    sandbox.check();
  });

  it("at a block that was overwritten, and nothing of which was used, leaves it as it was", async () => {
    const sandbox = await openSandbox("glibc");
    const pointer = sandbox.malloc(2000);
    sandbox.malloc(8);
    // The head of the block behind it.
    sandbox.store(pointer + 2008, 1n, 8);
    expect(() => sandbox.free(pointer)).toThrow(AllocatorAbort);
    expect(sandbox.malloc(10)).not.toBe(0);
  });
});

it("a broken link to the very end of addresses is a segmentation fault", async () => {
  const sandbox = await openSandbox("tcmalloc");
  const pointer = sandbox.malloc(8);
  sandbox.free(pointer);
  sandbox.store(pointer, 2n ** 64n - 1n, 8);
  expect(sandbox.malloc(8)).toBe(pointer);
  expect(() => sandbox.malloc(8)).toThrow(SegmentationFault);
});
