/** Real modules, and ones that misbehave, against the conformance cases in jail. */
import { readFile } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { checkModule, type ModuleCheckOptions } from "../../src/foreign/index.js";
import { LimitExceeded, ModuleError } from "../../src/index.js";

// On a machine that runs other tests beside.
vi.setConfig({ testTimeout: 120_000 });

const bytesOf = (name: string) => readFile(new URL(`built/${name}.wasm`, import.meta.url));
const failing = async (name: string, options: ModuleCheckOptions = {}) => {
  const { outcomes } = await checkModule(await bytesOf(name), options);
  return outcomes.filter(({ state }) => state === "fail").map((one) => one.name);
};

/** AssemblyScript and wasm-bindgen trap where memory ends; what is never freed leaks. */
const NO_END = ["exhaustion", "realloc-failed", "high-addresses"];
const LEAKS = ["fill-and-empty", "two-large"];

describe("allocators of others", () => {
  it.each([
    ["as-tlsf", NO_END],
    ["as-stub", ["free-nothing", ...NO_END, ...LEAKS]],
    ["as-bump", ["nothing", "exhaustion", "high-addresses", ...LEAKS]],
    ["web-tree-sitter", []],
    ["harfbuzz", []],
    ["harfbuzz-subset", []],
    ["llhttp", []],
    ["brotli", NO_END],
    ["oxipng", NO_END],
  ])(
    "%s fails what it is known to fail",
    async (name, expected) => {
      expect(await failing(name)).toEqual(expected);
    },
    120_000,
  );
});

describe("a module that misbehaves", () => {
  it.each([
    ["dirty", "calloc-fresh", /^byte 0 of 1 zeroed bytes at 0x[\da-f]+ is 1$/],
    ["wrapping", "calloc-overflow", /^ModuleTrap: calloc gave memory for 4294967296 bytes/],
    ["overlapping", "no-overlap", /where the program wrote/],
    ["forgetful", "keeps-state", /^two blocks that are both in use are the same$/],
    ["misaligned", "alignment", /is not aligned to/],
    ["outside", "page-sizes", /is outside its memory$/],
    ["trapping", "no-overlap", /^ModuleTrap: the module trapped: unreachable$/],
    ["recursing", "no-overlap", /used up the stack/],
    ["reaching", "no-overlap", /called host\.fetch, which is not known/],
  ])("%s fails %s, and is told why", async (name, only, seen) => {
    const { outcomes } = await checkModule(await bytesOf(name), { cases: [only] });
    expect(outcomes).toMatchObject([{ name: only, state: "fail", seen: expect.stringMatching(seen) }]);
  });

  it("and hangs is ended, and cannot even be opened", async () => {
    const hanging = checkModule(await bytesOf("endless"), { cases: ["nothing"], seconds: 1 });
    await expect(hanging).rejects.toBeInstanceOf(LimitExceeded);
  });

  it("and hangs in one case only fails that", async () => {
    const { outcomes } = await checkModule(await bytesOf("late"), {
      ...{ cases: ["nothing", "calloc-scribbled"], seconds: 3 },
    });
    expect(outcomes.map(({ state }) => state)).toEqual(["pass", "fail"]);
    expect(outcomes[1]).toMatchObject({ seen: expect.stringContaining("it hangs: the module was not done") });
  });

  it("is refused where it is no module, or fails to start", async () => {
    await expect(checkModule(new Uint8Array([1, 2, 3]))).rejects.toBeInstanceOf(ModuleError);
    await expect(checkModule(await bytesOf("starting"))).rejects.toThrow("while it was instantiated");
    await expect(checkModule(await bytesOf("as-tlsf"), { cases: ["x"] })).rejects.toThrow(RangeError);
  });

  it("gets no more memory than it may have, and what needs more is skipped", async () => {
    const options = { cases: ["high-addresses", "nothing"], memoryBytes: 2 ** 28 };
    const { outcomes } = await checkModule(await bytesOf("llhttp"), options);
    expect(outcomes.map(({ state }) => state)).toEqual(["skip", "pass"]);
  });
});
