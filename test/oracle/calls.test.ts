/** How system calls are compared: what counts as a difference, and what does not. */
import { describe, expect, it } from "vitest";
import { callsDifference, formatCall, parseCall, type SystemCall, withCalls } from "./calls.js";
import { MODEL_SPACE, type Observation } from "./observation.js";
import { textTrace } from "./text-trace.js";

const HEAP = 0x555555560000n;
const TOP = 0x7ffff7ff0000n;
/** The real process has its mappings elsewhere. */
const AWAY = 0x40000000n;
const SPACE = { heapStart: Number(HEAP), mapTop: Number(TOP - AWAY) };

const records = await textTrace("a 0 10\na 1 200000\nf 1");

function observation(space: Observation["space"]): Observation {
  return { space, places: new Float64Array(3), checkpoints: [], usable: [] };
}

const [BRK, MMAP, MUNMAP] = [12n, 9n, 11n];
/** Operation, number, arguments, result. */
const REAL: bigint[][] = [
  [0n, BRK, HEAP + 135168n, 0n, 0n, 0n, HEAP + 135168n],
  [0n, 318n, HEAP, 8n, 1n, 0n, 8n],
  [1n, MMAP, 0n, 200704n, 3n, 34n, TOP - AWAY - 200704n],
  [2n, MUNMAP, TOP - AWAY - 200704n, 200704n, 0n, 0n, 0n],
];

const MODEL: SystemCall[] = [
  { name: "brk", arguments: [HEAP + 135168n], result: HEAP + 135168n },
  { name: "mmap", arguments: [0n, 200704n, 3n, 34n], result: TOP - 200704n },
  { name: "munmap", arguments: [TOP - 200704n, 200704n], result: 0n },
];

function difference(model: SystemCall[], real = REAL, isToday = true): string | undefined {
  const calls = real.map((words) => parseCall(BigUint64Array.from(words)));
  const seen = { ...withCalls(observation(SPACE), calls, isToday), calls };
  return callsDifference(records, seen, { ...observation(MODEL_SPACE), calls: model })?.text;
}

/** The model's calls, one of them changed. */
function changed(at: number, change: Partial<SystemCall>): SystemCall[] {
  return MODEL.with(at, { ...(MODEL[at] as SystemCall), ...change });
}

describe("system calls", () => {
  it("are the same where only the address space is another, whatever the key is made from", () => {
    expect(difference(MODEL)).toBeUndefined();
  });

  it.each<[string, SystemCall[], string]>([
    ["an argument", changed(2, { arguments: [TOP - 200704n, 196608n] }), "munmap(mapped, 0x31000 below"],
    ["an address", changed(2, { arguments: [TOP - 4096n, 200704n] }), "mapped, 0x1000 below"],
    ["a result", changed(2, { result: -1n }), "200704 bytes): failed"],
    ["the kind of a mapping", changed(1, { arguments: [0n, 200704n, 0n, 34n] }), "of kind 0 34"],
    ["a break", changed(0, { arguments: [HEAP + 139264n] }), "brk(139264 bytes above"],
    ["a call too few", MODEL.slice(0, 2), "no call"],
    ["a call too many", [...MODEL, MODEL[2] as SystemCall], "no call"],
  ])("differ in %s", (_, model, told) => {
    expect(difference(model)).toContain(told);
  });

  it("differ in no address of a mapping from the first on that an older kernel may align", () => {
    const aligned = [1n, MMAP, 0n, 2n ** 21n, 3n, 34n, 0x7fff00000000n];
    const model = { name: "mmap", arguments: [0n, 2n ** 21n, 3n, 34n], result: TOP - 2n ** 21n };
    expect(difference([model], [aligned], false)).toBeUndefined();
    expect(difference([{ ...model, result: 0n }], [aligned], false)).toContain("failed");
    expect(difference([model], [aligned])).toContain("mmap");
  });

  it("read as people write them", () => {
    const remapped = { name: "mremap", arguments: [TOP - 8192n, 8192n, 4096n, 1n], result: TOP - 8192n };
    expect(formatCall(remapped, MODEL_SPACE, true)).toBe(
      "mremap(mapped, 0x2000 below where mappings start, 8192 bytes, 4096 bytes, may move 1): mapped, 0x2000 below where mappings start",
    );
  });
});
