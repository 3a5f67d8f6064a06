/** The model of each release against a second one written from the same rules: addresses, and calls in their order. */
import { describe, expect, it, vi } from "vitest";
import { openModel, type Sandbox } from "../../src/index.js";
import { OpKind, TraceRecords } from "../../src/trace/records.js";
import { RELEASES, Reference, type Release } from "./reference.js";
import { blocksOf, OBJECT_SEEDS, objectsOf, TRACE_SEEDS } from "./reference-cases.js";

vi.setConfig({ testTimeout: 120_000 });

/** glibc below maps nothing then: all mappings are arenas. */
const MAPS_NOTHING = { mmapThreshold: 2 ** 40 };

/** What the model called since it was last asked, as the reference writes it, with results. */
function calls(sandbox: Sandbox, logged: number): { text: string; result: number }[] {
  return sandbox.callsSince(logged).flatMap(({ name, arguments: words, result }) => {
    const [first, second] = words as [bigint, bigint];
    if (name === "mmap") return [{ text: "map", result: Number(result) }];
    if (name === "munmap") return [{ text: `unmap ${first}`, result: 0 }];
    if (!name.endsWith(" below")) return [];
    const given = name === "realloc below" ? `${first} ${second}` : `${first}`;
    return [{ text: `${name.replace(" below", "")} ${given}`, result: Number(result) }];
  });
}

/** Where the model parts from the reference, or null. */
async function difference(release: Release, records: Uint8Array): Promise<string | null> {
  const sandbox = await openModel("pymalloc/glibc", { python: release.name, check: true, ...MAPS_NOTHING });
  let made: { text: string; result: number }[] = [];
  let wrong: string | null = null;
  const reference = new Reference(release, (call) => {
    const next = made.shift();
    if (next?.text !== call) wrong ??= `calls ${next?.text ?? "nothing"}, not ${call}`;
    return next?.result ?? 0;
  });
  const operations = new TraceRecords(records);
  const held: number[] = [];
  let logged = sandbox.callsSince(0).length;
  for (let i = 0; i < operations.count; i++) {
    const { kind, slot, first, second } = operations.read(i);
    if (kind > OpKind.free || kind === OpKind.aligned) continue;
    const pointer = held[slot] ?? 0;
    const [real, expected] = perform(sandbox, reference, kind, pointer, [first, second], () => {
      made = calls(sandbox, logged);
    });
    logged = logged + sandbox.callsSince(logged).length;
    held[slot] = real;
    if (real !== expected) wrong ??= `returns ${real}, not ${expected}`;
    if (made.length > 0) wrong ??= `calls ${made[0]?.text}, not nothing`;
    if (wrong) return `operation ${i}: ${wrong}`;
    if (i % 1000 === 0) sandbox.check();
  }
  sandbox.check();
  return null;
}

function perform(
  sandbox: Sandbox,
  reference: Reference,
  kind: number,
  pointer: number,
  [first, second]: [number, number],
  done: () => void,
): [real: number, expected: number] {
  const after = (real: number) => {
    done();
    return real;
  };
  switch (kind) {
    case OpKind.malloc:
      return [after(sandbox.malloc(first)), reference.malloc(first)];
    case OpKind.calloc:
      return [after(sandbox.calloc(first, second)), reference.calloc(first * second)];
    case OpKind.realloc:
      return [after(sandbox.realloc(pointer, second)), reference.realloc(pointer, second)];
    default:
      sandbox.free(pointer);
      done();
      reference.free(pointer);
      return [0, 0];
  }
}

describe.each(RELEASES)("$name", (release) => {
  it.each(OBJECT_SEEDS)("does what the reference does with many small objects, seed %i", async (seed) => {
    expect(await difference(release, objectsOf(seed))).toBeNull();
  });

  it.each(TRACE_SEEDS)("does what the reference does with blocks of all sizes, seed %i", async (seed) => {
    expect(await difference(release, blocksOf(seed))).toBeNull();
  });
});
