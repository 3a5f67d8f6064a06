/** A test of each case, as runners get them: names, limits, what a failure says, and why a case is skipped. */
import { describe, expect, it, vi } from "vitest";
import { UnknownImport } from "../../src/base/errors.js";
import { conformanceCases } from "../../src/conformance.js";
import { openSandbox } from "../../src/index.js";
import { type ConformanceTestOptions, conformanceTests, type OpenSubject } from "../../src/vitest.js";
import { FlawedAllocator, type Flaws } from "../conformance/flawed.js";

interface Made {
  group: string;
  name: string;
  timeout: number;
  run: (...context: unknown[]) => Promise<void>;
}

/** The tests that are made, for a runner that only lists them. */
function made(open: OpenSubject, options: ConformanceTestOptions = {}): Made[] {
  const tests: Made[] = [];
  let group = "";
  conformanceTests(open, {
    describe: (title, make) => {
      group = title;
      make();
    },
    test: (name, run, timeout) => tests.push({ group, name, run, timeout }),
    ...options,
  });
  return tests;
}

/** The test of one case. */
const oneOf = (name: string, flaws: Flaws, options: ConformanceTestOptions = {}): Made =>
  made((bytes) => new FlawedAllocator(flaws, bytes), { cases: [name], ...options })[0] as Made;

const dirty: Flaws = { skipsClearing: (bytes) => bytes === 320 };

describe("the tests of an allocator", () => {
  it("are one of each case, named by it, in a group, with a limit that fits", () => {
    const tests = made(() => new FlawedAllocator({}));
    expect(tests.map(({ name }) => name)).toEqual(
      conformanceCases.map(({ name, promise }) => `${name}: ${promise}`),
    );
    expect(new Set(tests.map(({ group }) => group))).toEqual(
      new Set(["keeps the promises of the C library"]),
    );
    expect(new Set(tests.map(({ timeout }) => timeout))).toEqual(new Set([60_000]));
    const own = oneOf("nothing", {}, { title: "mine", timeout: 1000 });
    expect(own).toMatchObject({ group: "mine", timeout: 1000 });
    // Jest takes functions with parameters for those that call back.
    expect(own.run).toHaveLength(0);
  });

  it("fail with what was seen, after which calls, where they were made", async () => {
    const error = await oneOf("calloc-scribbled", dirty)
      .run()
      .catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      name: "ConformanceError",
      message:
        "byte 0 of 320 zeroed bytes at 0x400 is 171\n" +
        "after free(0x400); calloc(1, 256) = 0x400; free(0x400); malloc(320) = 0x400; free(0x400); calloc(1, 320) = 0x400\n" +
        "a bug like https://github.com/microsoft/mimalloc/pull/1385",
    });
    const [first] = (error as Error).stack?.split("\n").filter((line) => line.startsWith("    at ")) ?? [];
    expect(first).toContain("conformance-tests.test.ts");
  });

  it("pass where the promise is kept", async () => {
    await expect(oneOf("calloc-scribbled", {}).run()).resolves.toBeUndefined();
  });

  it("that are known to fail pass as long as they do", async () => {
    const failing = ["calloc-scribbled"];
    await expect(oneOf("calloc-scribbled", dirty, { failing }).run()).resolves.toBeUndefined();
    await expect(oneOf("calloc-scribbled", {}, { failing }).run()).rejects.toThrow(
      /^calloc-scribbled does not fail any more: leave it out of "failing"$/,
    );
    expect(() => oneOf("nothing", {}, { failing: ["none"] })).toThrow('there is no case "none"');
  });

  it("that do not apply are skipped, and say why", async () => {
    const skip = vi.fn();
    await oneOf("high-addresses", {}, { memoryBytes: 2 ** 30 }).run({ skip });
    expect(skip).toHaveBeenLastCalledWith("it needs 4294967296 bytes of memory: raise the limit");
    const asking = () => {
      throw new UnknownImport("it calls env.emscripten_fetch, which is not known");
    };
    await oneOf("nothing", { malloc: asking }).run({ skip });
    expect(skip).toHaveBeenLastCalledWith("undecided: it calls env.emscripten_fetch, which is not known");
  });

  it("that do not apply say so on the console where a runner cannot skip them", async () => {
    const info = vi.spyOn(console, "info").mockImplementation(() => {});
    await oneOf("high-addresses", {}, { memoryBytes: 2 ** 30 }).run();
    expect(info.mock.calls).toEqual([["skipped: it needs 4294967296 bytes of memory: raise the limit"]]);
    info.mockRestore();
  });

  it("ask the allocator how large its addresses are", async () => {
    const skip = vi.fn();
    const [test] = made((addressSpace) => openSandbox("glibc", { addressSpace }), {
      cases: ["high-addresses"],
    });
    await test?.run({ skip });
    expect(skip).toHaveBeenCalledWith("it is about addresses of 32 bits");
  });

  it("end, and say what to do, where the limit of memory is not passed on", async () => {
    const [test] = made(() => openSandbox("glibc"), { cases: ["exhaustion"] });
    await expect(test?.run()).rejects.toThrow(
      "it gave more than 96 MiB, to which it was to be limited: what opens it has to pass the limit on",
    );
  });
});

conformanceTests((bytes) => openSandbox("lazy", { addressSpace: bytes }), {
  title: "with the describe and test of this runner",
  cases: ["calloc-fresh", "high-addresses"],
});
