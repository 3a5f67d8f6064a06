/** Real modules, and ones that misbehave, against the conformance cases in jail. */
import { readFile } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { checkAllocator, conformanceCases, type Outcome } from "../../src/conformance.js";
import { checkModule } from "../../src/foreign.js";
import { LimitExceeded, ModuleError, openWasmAllocator } from "../../src/index.js";
import { runCheck } from "../../src/jail/check-job.js";
import { WASM_PAGE_BYTES } from "../../src/wasm/pages.js";
import { some, THOROUGH, thirdOf } from "../thorough.js";
import { whyAbsent } from "./absent.js";
import { reactors } from "./c-fixtures.js";

// On a slow machine that runs other tests beside.
vi.setConfig({ testTimeout: 300_000 });

const bytesOf = (name: string) => readFile(new URL(`built/${name}.wasm`, import.meta.url));
const failing = async (name: string, cases: string[]) => {
  const { outcomes } = await checkModule(await bytesOf(name), { cases });
  return outcomes.filter(({ state }) => state === "fail").map((one) => one.name);
};

/** Cases that take longer than others. They are asked of some modules only; where tests are thorough, of one of each kind. */
const LONG = [
  ...["calloc-large", "last-page", "high-addresses", "reuse-above-2-gib", "across-2-gib", "large-gap"],
  ...[
    "usable-size",
    "calloc-half-new",
    "large-program",
    "any-order",
    "no-leak",
    "sizes-in-turn",
    "many-blocks",
    "many-calls",
    "workloads",
    "random-program",
  ],
];
/** What takes longest of all. */
const LONGEST = ["calloc-large", "last-page"];
const OTHER_KINDS = THOROUGH ? ["as-stub", "emscripten-emmalloc", "wasi-libc"] : [];
const ASKED_LONG = ["as-tlsf", "emscripten-dlmalloc", ...OTHER_KINDS];
/** What the other of these two is asked, unless tests are thorough. */
const ofTheOther = (name: string) => LONG.filter((_, i) => i % 2 === ASKED_LONG.indexOf(name));
/** What never gives back what is freed touches GiBs in these. They are asked of it where tests are thorough. */
const OF_LEAKING = ["large-sizes", "huge-sizes", "realloc-every-size", "calloc-every-size", "aligned-blocks"];
const LEAKING = THOROUGH ? [] : ["as-stub", "as-bump", "emmalloc-restarting"];
const notAsked = (name: string): readonly string[] => [
  ...(ASKED_LONG.includes(name) ? (THOROUGH ? [] : [...LONGEST, ...ofTheOther(name)]) : LONG),
  ...(LEAKING.includes(name) ? OF_LEAKING : []),
];
/** Modules that have one allocator, or nearly, and are asked a third of the cases each, unless tests are thorough. */
const ALIKE = [
  ...["web-tree-sitter", "harfbuzz", "harfbuzz-subset", "llhttp", "brotli", "oxipng"],
  ...["as-heap", "emscripten-page", "wasi-restarting"],
];
function casesOf(name: string): string[] {
  const cases = conformanceCases.map((one) => one.name).filter((one) => !notAsked(name).includes(one));
  return ALIKE.includes(name) ? thirdOf(cases, ALIKE.indexOf(name)) : cases;
}

/** As `failing`, without a Worker for each case: this module is known to end. */
const failingHere = async (name: string, names = casesOf(name)) => {
  const job = { wasm: await bytesOf(name), open: { unknownImports: "trap" as const }, memoryBytes: 2 ** 32 };
  const outcomes: Outcome[] = [];
  await runCheck({ ...job, names, settings: {} }, ({ outcome }) => outcomes.push(outcome));
  return outcomes.filter(({ state }) => state === "fail").map(({ name: failed }) => failed);
};

/** AssemblyScript's heap traps where memory ends, also under names of C; what is never freed leaks. */
const NO_END = [
  ...["exhaustion", "realloc-failed", "failures-cost-nothing", "huge-sizes", "descending-sizes"],
  ...["high-addresses", "reuse-above-2-gib", "last-page", "huge-block"],
];
/** What gives nothing a second time has none of these asked of it. */
const NOT_OF_BUMP = ["realloc-failed", "failures-cost-nothing"];
const AS_BUMP = ["nothing", "realloc-to-nothing", "large-sizes"];
/** What emmalloc's sizes near 2^32 wrap around to; and its posix_memalign takes 0 for an alignment. */
const EMMALLOC = [
  ...["calloc-overflow", "failures-cost-nothing", "huge-sizes", "last-page", "huge-block"],
  "posix-memalign",
];
const LEAKS = ["fill-and-empty", "resize-and-empty", "two-large", "no-leak", "sizes-in-turn"];

describe("allocators of others", () => {
  it.for<[string, string[]]>([
    ["as-tlsf", NO_END],
    ["as-stub", ["free-nothing", ...NO_END, "foreign-growth", ...LEAKS]],
    [
      "as-bump",
      [...AS_BUMP, ...NO_END.filter((one) => !NOT_OF_BUMP.includes(one)), "foreign-growth", ...LEAKS],
    ],
    ["web-tree-sitter", []],
    ["harfbuzz", []],
    ["harfbuzz-subset", []],
    ["llhttp", []],
    ["brotli", []],
    ["oxipng", []],
    ["as-heap", []],
    ["emscripten-dlmalloc", []],
    ["emscripten-emmalloc", [...EMMALLOC, "high-addresses"]],
    ["emscripten-page", []],
    ["wasi-libc", []],
    // Its dlmalloc has no constructor; emmalloc's forgets what is free.
    ["wasi-restarting", []],
    ["emmalloc-restarting", [...EMMALLOC, "exhaustion", "descending-sizes", ...LEAKS]],
  ])("%s fails what it is known to fail", async ([name, expected], { skip }) => {
    skip(whyAbsent(name) !== undefined, whyAbsent(name));
    const asked = casesOf(name);
    expect((await failingHere(name)).sort()).toEqual(expected.filter((one) => asked.includes(one)).sort());
  });

  it.each(["brotli", "as-heap"])(
    "%s may trap where memory ends, as its kind does, and is judged up to there",
    async (name) => {
      const { outcomes } = await checkModule(await bytesOf(name), {
        cases: ["exhaustion", "realloc-failed", "high-addresses"],
      });
      const byContract = { state: "skip", reason: expect.stringContaining("by their own contract") };
      expect(outcomes).toMatchObject([
        byContract,
        byContract,
        { state: expect.stringMatching(/pass|composed/) },
      ]);
    },
  );

  it("fail the same in jail", async () => {
    const cases = some(casesOf("as-bump"), 16);
    const seen = await failing("as-bump", cases);
    expect(seen).toEqual(await failingHere("as-bump", cases));
    expect(seen).not.toEqual([]);
  });

  it.for(Object.keys(reactors))("%s is checked up to where 4 GiB end", async (name, { skip }) => {
    skip(whyAbsent(name) !== undefined, whyAbsent(name));
    const { outcomes } = await checkModule(await bytesOf(name), { cases: ["high-addresses"] });
    // Of emmalloc's last block before 4 GiB the end wraps around.
    expect(outcomes).toMatchObject([{ state: name === "emscripten-emmalloc" ? "fail" : "pass" }]);
  });
});

describe("an allocator whose host grows its memory, and which clears nothing that is new", () => {
  const LONG_OF_CALLOC = THOROUGH ? [] : ["calloc-every-size", "calloc-large", "calloc-half-new"];
  const CALLOC = conformanceCases
    .map(({ name }) => name)
    .filter((name) => name.startsWith("calloc-") && !LONG_OF_CALLOC.includes(name));

  /** Whether the host leaves dirt in what it grows. */
  const failingOn = async (dirty: boolean) => {
    const wasm = await bytesOf("trusting");
    const { outcomes } = await checkAllocator(
      async (memoryBytes) => {
        const grow = (bytes: number) =>
          growDirty(allocator.instance.exports.memory as WebAssembly.Memory, bytes);
        const imports = dirty ? { env: { emscripten_resize_heap: grow } } : {};
        const allocator = await openWasmAllocator(wasm, { imports, ...(memoryBytes && { memoryBytes }) });
        return allocator;
      },
      { cases: CALLOC },
    );
    return outcomes.filter(({ state }) => state === "fail").map(({ name }) => name);
  };

  it("keeps its promises where it is left zero", async () => {
    expect(await failingOn(false)).toEqual([]);
  });

  it("is found out where it is not, by what uses up all there was before", async () => {
    const all = [
      "calloc-after-shrink",
      "calloc-grown",
      "calloc-every-size",
      "calloc-large",
      "calloc-half-new",
    ];
    expect(await failingOn(true)).toEqual(all.filter((name) => CALLOC.includes(name)));
  });
});

/** Grows a memory to so many bytes at least, and leaves dirt there. Returns 1, or 0 where it cannot. */
function growDirty(memory: WebAssembly.Memory, bytes: number): number {
  const before = memory.buffer.byteLength;
  try {
    memory.grow(Math.ceil((bytes - before) / WASM_PAGE_BYTES));
  } catch {
    return 0;
  }
  new Uint8Array(memory.buffer, before).fill(0xcd);
  return 1;
}

describe("a module that misbehaves", () => {
  it.each([
    ["dirty", "calloc-fresh", /^byte 0 of 1 zeroed bytes at 0x[\da-f]+ is 1$/],
    ["wrapping", "calloc-overflow", /^ModuleTrap: calloc gave memory for 4294967296 bytes/],
    ["overlapping", "no-overlap", /though the program wrote/],
    ["forgetful", "keeps-state", /^two live blocks have the same address$/],
    ["misaligned", "alignment", /is not aligned to/],
    [
      "packed",
      "alignment-16",
      /^a block of \d+ bytes at 0x[\da-f]+ is not on a multiple of 16; .* say --alignment 8$/,
    ],
    [
      "overlapping",
      "random-program",
      / overlaps the live one .* \(call \d+ of the random program of seed 24301\)$/,
    ],
    ["overlapping", "workloads", / overlaps the live one .* \(call \d+ of the workload mixed\)$/],
    ["outside", "page-sizes", /is outside its memory$/],
    ["trapping", "no-overlap", /^ModuleTrap: the module trapped: unreachable$/],
    ["recursing", "no-overlap", /used up the stack/],
  ])("%s fails %s, and is told why", async (name, only, seen) => {
    const { outcomes } = await checkModule(await bytesOf(name), { cases: [only] });
    expect(outcomes).toMatchObject([{ name: only, state: "fail", seen: expect.stringMatching(seen) }]);
  });

  it("is not judged where it calls what is not known", async () => {
    const { outcomes, passed } = await checkModule(await bytesOf("reaching"), {
      cases: ["no-overlap", "exhaustion"],
    });
    const undecided = {
      state: "undecided",
      reason: expect.stringContaining("called host.fetch, which is not known"),
    };
    expect(outcomes).toMatchObject([undecided, undecided]);
    expect(passed).toBe(true);
  });

  it("is asked for no more alignment than is said, and runs the random program of the seed that is said", async () => {
    const options = { cases: ["alignment-16"], alignment: 8 as const };
    expect((await checkModule(await bytesOf("packed"), options)).outcomes).toMatchObject([{ state: "skip" }]);
    const { outcomes } = await checkModule(await bytesOf("overlapping"), {
      cases: ["random-program"],
      seed: 9,
    });
    expect(outcomes).toMatchObject([{ seen: expect.stringContaining("of seed 9)") }]);
  });

  it("and hangs is ended, and cannot even be opened", async () => {
    const hanging = checkModule(await bytesOf("endless"), { cases: ["nothing"], seconds: 1 });
    await expect(hanging).rejects.toBeInstanceOf(LimitExceeded);
  });

  it("and hangs in one case only fails that", async () => {
    const { outcomes } = await checkModule(await bytesOf("late"), {
      ...{ cases: ["nothing", "calloc-scribbled"], seconds: 4 },
    });
    expect(outcomes.map(({ state }) => state)).toEqual(["pass", "fail"]);
    expect(outcomes[1]).toMatchObject({
      seen: expect.stringContaining("it hangs: the module made no progress for 4 seconds"),
    });
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
