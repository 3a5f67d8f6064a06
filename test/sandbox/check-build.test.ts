/** What only a check build tells: the system calls, and digests of what memory holds. */

import { describe, expect, it } from "vitest";
import { LOG_CALLS } from "#shared/call-log";
import { openSandbox } from "../../src/sandbox/open.js";

describe("the log of a check build", () => {
  it("has every system call, with its arguments and its result", async () => {
    const sandbox = await openSandbox("naive", { check: true });
    const before = sandbox.callsSince(0).length;
    const pointer = sandbox.malloc(5000);
    sandbox.free(pointer);
    const [mmap, munmap, ...rest] = sandbox.callsSince(before);
    expect(rest).toEqual([]);
    expect(mmap).toMatchObject({ name: "mmap", arguments: [0n, 5000n, 0n, 1n] });
    expect(munmap).toEqual({ name: "munmap", arguments: [mmap?.result, 8192n, 0n, 0n], result: 0n });
  });

  it("counts as many calls as the counters do", async () => {
    const sandbox = await openSandbox("glibc", { check: true });
    const before = sandbox.callsSince(0).length;
    const pointer = sandbox.malloc(300_000);
    sandbox.free(sandbox.realloc(pointer, 400_000));
    sandbox.malloc(10);
    const counts: Record<string, number> = {};
    for (const { name } of sandbox.callsSince(before)) counts[name] = (counts[name] ?? 0) + 1;
    expect(sandbox.counters().syscalls).toMatchObject(counts);
    expect(counts).toEqual({ mmap: 1, mremap: 1, munmap: 1, brk: 1 });
  });

  it("keeps the last ones, and says when one is lost", async () => {
    const sandbox = await openSandbox("naive", { check: true });
    const before = sandbox.callsSince(0).length;
    for (let i = 0; i < LOG_CALLS; i++) sandbox.malloc(1);
    expect(sandbox.callsSince(before)).toHaveLength(LOG_CALLS);
    const last = sandbox.malloc(1);
    expect(() => sandbox.callsSince(before)).toThrow(
      `the log holds ${LOG_CALLS} calls, not ${LOG_CALLS + 1}`,
    );
    const [only] = sandbox.callsSince(before + LOG_CALLS);
    expect(only?.name).toBe("mmap");
    expect(last - Number(only?.result)).toBeLessThan(4096);
  });
});

describe("a digest of a check build", () => {
  it("tells every byte, and touches nothing", async () => {
    const sandbox = await openSandbox("naive", { check: true });
    const pointer = sandbox.calloc(1, 10_000);
    const mapped = sandbox.malloc(10_000);
    const counters = sandbox.counters();
    const digests = new Set([sandbox.digest(mapped, 10_000)]);
    expect(sandbox.counters()).toEqual(counters);
    for (const at of [0, 4095, 4096, 9998, 9999]) {
      sandbox.store(pointer + at, 7, 1);
      digests.add(sandbox.digest(pointer, 10_000));
    }
    expect(digests.size).toBe(6);
    sandbox.store(pointer + 10_000, 7, 1);
    expect(digests).toContain(sandbox.digest(pointer, 10_000));
  });

  it("is the same wherever the same bytes are", async () => {
    const sandbox = await openSandbox("naive", { check: true });
    const [one, other] = [sandbox.calloc(1, 5000), sandbox.calloc(1, 9000)] as [number, number];
    for (const block of [one, other]) sandbox.fill(block, 3, 4999);
    expect(sandbox.digest(one, 5000)).toBe(sandbox.digest(other, 5000));
    expect(sandbox.digest(one, 4999)).not.toBe(sandbox.digest(one, 5000));
  });
});

describe("a release build", () => {
  it("has neither", async () => {
    const sandbox = await openSandbox("naive");
    expect(() => sandbox.callsSince(0)).toThrow("only a check build logs calls and makes digests");
    expect(() => sandbox.digest(sandbox.malloc(1), 1)).toThrow("only a check build");
  });
});
