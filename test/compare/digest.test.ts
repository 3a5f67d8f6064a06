/** Records are read as they were written, or not at all. */
import { describe, expect, it } from "vitest";
import { numbersOf } from "../../src/base/random.js";
import { parseRecord, recordText } from "../../src/compare/digest.js";
import type { BenchOutcome, BenchRecord, Timing } from "../../src/compare/record.js";
import { RecordError } from "../../src/compare/sealed.js";
import { fakeCounts, fakeLatency, fakePlan } from "./fakes.js";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const timing: Timing = {
  ...{ samples: [3.5, 4, 5], median: 4, low: 3.5, spread: 0.1, ratioOf: "median" },
  ratio: { value: 1.5, low: 1.2, high: null },
};
const times = { first: timing, steady: timing, javascript: null };
const OUTCOMES: BenchOutcome[] = [
  {
    state: "done",
    rounds: 3,
    ...times,
    counts: fakeCounts,
    cpu: times,
    judged: "cpu",
    net: timing,
    latency: fakeLatency,
  },
  { state: "exhausted", operations: 7, failedAllocations: 1, trapped: false, memoryBytes: 65_536 },
  { state: "late", seconds: 3 },
  { state: "undecided", message: "it called env.f" },
  { state: "failed", error: "ModuleTrap", message: "unreachable" },
];

/** A record with each kind of outcome. */
function fakeRecord(): BenchRecord {
  const results = OUTCOMES.map((outcome) => ({
    subject: "a",
    trace: "t",
    shard: 1,
    finished: true,
    outcome,
  }));
  return { ...fakePlan(), results, drivers: [{ trace: "t", shard: 1, ...times, cpu: null, latency: null }] };
}

const text = recordText(fakeRecord());

it("a record is read as it was written, and written again the same", () => {
  const { digest, schema, ...rest } = parseRecord(text);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(schema).toBe(1);
  expect(rest).toEqual(JSON.parse(JSON.stringify(fakeRecord())));
  expect(recordText(parseRecord(text))).toBe(text);
});

/** The paths to all that is in a value. */
function pathsIn(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (value === null || typeof value !== "object") return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([key, one]) => pathsIn(one, [...path, key]))];
}

/** A copy in which another value stands at a path. */
function withValue(root: Json, [key, ...path]: readonly (string | number)[], other: Json): Json {
  if (key === undefined) return other;
  const copy = structuredClone(root) as Record<string | number, Json>;
  copy[key] = withValue(copy[key] as Json, path, other);
  return copy as Json;
}

const record: Json = JSON.parse(text);
const paths = pathsIn(record);

it("a change of any one value is found", () => {
  expect(paths.length).toBeGreaterThan(100);
  for (const path of paths) {
    const other = path.at(-1) === "digest" ? "0".repeat(64) : 4711;
    expect(() => parseRecord(JSON.stringify(withValue(record, path, other))), path.join(".")).toThrow(
      RecordError,
    );
  }
});

describe("of a record without a digest, as older versions wrote them,", () => {
  const { digest: _, ...older } = record as { [name: string]: Json };

  it("what is no record is told with its place, whatever stands there", () => {
    const VALUES: Json[] = [null, -1, "x", [], {}, [null], { state: "done" }];
    const below = numbersOf(23);
    for (const path of paths.filter(([first]) => first !== "digest")) {
      const value = VALUES[below(VALUES.length)] as Json;
      try {
        parseRecord(JSON.stringify(withValue(older, path, value)));
      } catch (error) {
        expect(error, `${path.join(".")}: ${JSON.stringify(value)}`).toBeInstanceOf(RecordError);
      }
    }
  });

  it.each<[string, (string | number)[], Json, string]>([
    ["null in a list", ["results", 0], null, "results[0] is not an object"],
    ["no outcome", ["results", 0, "outcome"], null, "results[0].outcome is not an object"],
    [
      "an unknown outcome",
      ["results", 0, "outcome", "state"],
      "fast",
      "results[0].outcome.state is not one of done",
    ],
    [
      "a negative time",
      ["results", 0, "outcome", "steady", "median"],
      -1,
      "results[0].outcome.steady.median is not an amount",
    ],
    [
      "part of a count",
      ["results", 0, "outcome", "counts", "memory", "peak"],
      0.5,
      "memory.peak is not a count",
    ],
  ])("%s is refused", (_, path, value, message) => {
    expect(() => parseRecord(JSON.stringify(withValue(older, path, value)))).toThrow(message);
  });
});

it("what is not JSON, or of something else, is refused", () => {
  for (const other of ["", "{", text.slice(0, -20)]) expect(() => parseRecord(other)).toThrow("is not JSON");
  for (const other of ["null", "[]", "3", '{"scenario":"cliffs"}'])
    expect(() => parseRecord(other)).toThrow("is not a record of zeropage bench");
});

it("a digest that fits does not help what is no record", () => {
  const odd = { ...(fakeRecord() as BenchRecord), results: [null] } as never;
  expect(() => parseRecord(recordText(odd))).toThrow("results[0] is not an object");
});
