/** Numbers that are none are refused by every public function that takes one, before anything is done. */
import { describe, expect, it } from "vitest";
import { fuzz, randomProgram } from "../src/conformance.js";
import { checkModule, fuzzModule, replayInJail } from "../src/foreign.js";
import {
  cinnabarTrace,
  cinnabarWorkload,
  defaultCosts,
  findCliffs,
  findCrossover,
  generateTrace,
  OptionError,
  openModel,
  openSandbox,
  openWasmAllocator,
  patternPresets,
  patternTrace,
  profileCallocLoop,
  replayTrace,
  runCallocFix,
  runCallocLoop,
  runCinnabar,
  runFork,
  runIdleZeroing,
  runIterContent,
  type Trace,
  workloadPresets,
} from "../src/index.js";
import { TraceEncoder } from "../src/trace/encode.js";

const sandbox = await openSandbox("glibc");
const wasm = await openWasmAllocator("heap");
const block = sandbox.malloc(100_000);
const wasmBlock = wasm.malloc(100_000);
const costs = defaultCosts("linux");
const naive = { model: "naive", costs };
const trace = (): Trace => ({
  notes: { format: "text", losses: [] },
  async *[Symbol.asyncIterator]() {
    yield new TraceEncoder().take();
  },
});
const records = new TraceEncoder().take();
const [{ workload }] = workloadPresets as [(typeof workloadPresets)[number]];
const [{ pattern }] = patternPresets as [(typeof patternPresets)[number]];
const fork = { ...naive, data: 2 ** 20, value: 0, own: 0, children: 1, seed: 1 };

type Call = (value: number) => unknown;

/** The calls that both kinds of allocators have. */
const ofAllocator = (one: typeof sandbox | typeof wasm, at: number): Record<string, Call> => ({
  "malloc bytes": (value) => one.malloc(value),
  "calloc count": (value) => one.calloc(value, 1),
  "calloc size": (value) => one.calloc(1, value),
  "realloc pointer": (value) => one.realloc(value, 1),
  "realloc bytes": (value) => one.realloc(at, value),
  "alignedAlloc align": (value) => one.alignedAlloc(value, 1),
  "alignedAlloc bytes": (value) => one.alignedAlloc(8, value),
  "free pointer": (value) => one.free(value),
  "usableSize pointer": (value) => one.usableSize(value),
  "load address": (value) => one.load(value),
  "load width": (value) => one.load(at, value as 1),
  "store address": (value) => one.store(value, 1),
  "store value": (value) => one.store(at, value),
  "store width": (value) => one.store(at, 1, value as 1),
  "read address": (value) => one.read(value, 1),
  "read bytes": (value) => one.read(at, value),
  "write address": (value) => one.write(value, new Uint8Array(1)),
  "isZero address": (value) => one.isZero(value, 1),
  "isZero bytes": (value) => one.isZero(at, value),
  "fill address": (value) => one.fill(value, 1, 1),
  "fill value": (value) => one.fill(at, value, 1),
  "fill bytes": (value) => one.fill(at, 1, value),
  "fillEnd bytes": (value) => one.fillEnd(at, 1, value),
  "touch address": (value) => one.touch(value, 1),
  "touch bytes": (value) => one.touch(at, value),
  "pages address": (value) => one.pages(value, 1),
  "pages bytes": (value) => one.pages(at, value),
  "replay timelinePoints": (value) => one.replay(trace(), { timelinePoints: value }),
  "replay timelineEvery": (value) => one.replay(trace(), { timelineEvery: value }),
  "repeat times": (value) => one.repeat(records, value),
});

const prefixed = (prefix: string, calls: Record<string, Call>) =>
  Object.entries(calls).map(([name, call]): [string, Call] => [`${prefix}: ${name}`, call]);

/** Functions of whole numbers. */
const WHOLE: [string, Call][] = [
  ...prefixed("a sandbox", ofAllocator(sandbox, block)),
  ...prefixed("a module", ofAllocator(wasm, wasmBlock)),
  ...prefixed("a sandbox", {
    "trim keep": (value) => sandbox.trim(value),
    "switchThread number": (value) => sandbox.switchThread(value),
    "endThread number": (value) => sandbox.endThread(value),
    "setClock nanoseconds": (value) => sandbox.setClock(value),
    "advise address": (value) => sandbox.advise(value, 4096, "dontFork"),
    "advise bytes": (value) => sandbox.advise(block, value, "dontFork"),
    "protect bytes": (value) => sandbox.protect(block, value, "none"),
  }),
  ...prefixed("openModel", {
    memory: (value) => openModel("glibc", { memory: value }),
    pageSize: (value) => openModel("glibc", { pageSize: value }),
    clock: (value) => openModel("glibc", { clock: value }),
    tcacheCount: (value) => openModel("glibc", { tcacheCount: value }),
    maxMaps: (value) => openModel("naive", { maxMaps: value }),
  }),
  ["openWasmAllocator memoryBytes", (value) => openWasmAllocator("heap", { memoryBytes: value })],
  ["runCallocLoop bytes", (value) => runCallocLoop({ ...naive, bytes: value, count: 1, written: 0 })],
  ["runCallocLoop count", (value) => runCallocLoop({ ...naive, bytes: 1, count: value, written: 0 })],
  ["profileCallocLoop bytes", (value) => profileCallocLoop({ ...naive, bytes: value, count: 1, written: 0 })],
  ["profileCallocLoop count", (value) => profileCallocLoop({ ...naive, bytes: 1, count: value, written: 0 })],
  ["runCallocFix bytes", (value) => runCallocFix({ ...naive, bytes: value, shares: [0] })],
  ["findCrossover bytes", (value) => findCrossover({ one: naive, other: naive, bytes: value, costs })],
  ["findCliffs from", (value) => findCliffs({ ...naive, from: value, to: 2 ** 20 })],
  ["findCliffs to", (value) => findCliffs({ ...naive, from: 2 ** 19, to: value })],
  ["runIdleZeroing bytes", (value) => runIdleZeroing({ ...naive, bytes: value, count: 1, shares: [0] })],
  ["runIdleZeroing count", (value) => runIdleZeroing({ ...naive, bytes: 4096, count: value, shares: [0] })],
  [
    "runIterContent chunk",
    (value) => runIterContent({ ...naive, chunk: value, body: 1, way: "calloc" } as never),
  ],
  [
    "runIterContent body",
    (value) => runIterContent({ ...naive, chunk: 1, body: value, way: "calloc" } as never),
  ],
  ...(["data", "value", "own", "children", "seed"] as const).map((name): [string, Call] => [
    `runFork ${name}`,
    (value) => runFork({ ...fork, [name]: value } as never),
  ]),
  ...(["objects", "manifests", "kept", "smallest", "small", "middling", "warmUp", "seed"] as const).map(
    (name): [string, Call] => [
      `cinnabarTrace ${name}`,
      (value) => cinnabarTrace({ ...cinnabarWorkload, [name]: value }),
    ],
  ),
  [
    "runCinnabar points",
    (value) => runCinnabar({ ...naive, workload: cinnabarWorkload, without: "nothing", points: value }),
  ],
  ...(["ops", "live", "min", "max", "calloc", "aligned", "realloc", "seed"] as const).map(
    (name): [string, Call] => [
      `generateTrace ${name}`,
      (value) => generateTrace({ ...workload, [name]: value }),
    ],
  ),
  ...(["threads", "rounds", "blocks", "live", "min", "max", "keep", "seed"] as const).map(
    (name): [string, Call] => [
      `patternTrace ${name}`,
      (value) => patternTrace({ ...pattern, [name]: value }),
    ],
  ),
  [
    "replayTrace timelinePoints",
    (value) => replayTrace({ ...naive, trace: trace(), touch: "none", timelinePoints: value }),
  ],
  [
    "replayTrace timelineEvery",
    (value) => replayTrace({ ...naive, trace: trace(), touch: "none", timelineEvery: value }),
  ],
  ["fuzz seed", (value) => fuzz(() => openModel("naive"), { seed: value })],
  ["fuzz runs", (value) => fuzz(() => openModel("naive"), { runs: value })],
  ["fuzz memoryBytes", (value) => fuzz(() => openModel("naive"), { runs: 1, memoryBytes: value })],
  ["fuzz steps", (value) => fuzz(() => openModel("naive"), { runs: 1, steps: value })],
  ["randomProgram seed", (value) => randomProgram(value)],
  ["randomProgram steps", (value) => randomProgram(1, { steps: value })],
  ["randomProgram memoryBytes", (value) => randomProgram(1, { memoryBytes: value })],
  ["fuzzModule seed", (value) => fuzzModule("heap", { seed: value })],
  ["fuzzModule runs", (value) => fuzzModule("heap", { runs: value })],
  ["checkModule memoryBytes", (value) => checkModule("heap", { memoryBytes: value })],
  ["replayInJail memoryBytes", (value) => replayInJail("heap", trace(), { memoryBytes: value })],
];

/** Functions of a share, 0 to 1, or of seconds. */
const FRACTIONS: [string, Call][] = [
  ["runCallocLoop written", (value) => runCallocLoop({ ...naive, bytes: 1, count: 1, written: value })],
  [
    "profileCallocLoop written",
    (value) => profileCallocLoop({ ...naive, bytes: 1, count: 1, written: value }),
  ],
  ["runCallocFix shares", (value) => runCallocFix({ ...naive, bytes: 1, shares: [value] })],
  ["runIdleZeroing shares", (value) => runIdleZeroing({ ...naive, bytes: 4096, count: 1, shares: [value] })],
  ["cinnabarTrace dying", (value) => cinnabarTrace({ ...cinnabarWorkload, dying: value })],
  ["patternTrace written", (value) => patternTrace({ ...pattern, written: value })],
  ["checkModule seconds", (value) => checkModule("heap", { seconds: value })],
  ["replayInJail seconds", (value) => replayInJail("heap", trace(), { seconds: value })],
  ["fuzzModule seconds", (value) => fuzzModule("heap", { seconds: value })],
];

async function refusal(call: Call, value: number): Promise<unknown> {
  try {
    return await call(value);
  } catch (error) {
    return error;
  }
}

const isRefusal = (error: unknown) => error instanceof RangeError || error instanceof OptionError;

describe("refused is a number", () => {
  it.each(WHOLE)("that is not whole, not from 0 on, or not exact, of %s", async (_, call) => {
    for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect([value, await refusal(call, value)]).toEqual([value, expect.toSatisfy(isRefusal)]);
    }
  });

  it.each(FRACTIONS)("that is none, or below 0, of %s", async (_, call) => {
    for (const value of [-1, Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect([value, await refusal(call, value)]).toEqual([value, expect.toSatisfy(isRefusal)]);
    }
  });

  it("of rounds that 32 bits do not count", () => {
    expect(() => sandbox.repeat(records, 2 ** 32)).toThrow(
      "times must be a whole number from 0 to 4294967295",
    );
    expect(() => wasm.repeat(records, 2 ** 32)).toThrow(RangeError);
  });

  it("and a policy of touching that there is not", async () => {
    await expect(sandbox.replay(trace(), { touch: "bogus" as never })).rejects.toThrow(RangeError);
    expect(() => wasm.repeat(records, 1, "bogus" as never)).toThrow(RangeError);
  });
});
