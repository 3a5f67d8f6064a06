import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OptionError } from "../../src/index.js";
import { KIND_IDS } from "../../src/web/kinds.js";
import { packed, readLink } from "../../src/web/link.js";
import { plainName } from "../../src/web/plain-name.js";
import { SPEEDS } from "../../src/web/playback.js";
import { nameAt } from "../../src/web/remote.js";
import { DEFAULT, formatState, type Input, parseChoice, type ViewState } from "../../src/web/state.js";

const nullable = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
const addresses = fc.integer({ min: 0, max: 2 ** 47 / 4096 - 1 }).map((page) => page * 4096);
const windows = fc.record({
  start: addresses,
  cell: fc.integer({ min: 12, max: 45 }).map((bits) => 2 ** bits),
});
const both = <T>(of: fc.Arbitrary<T>) => fc.tuple(of, of);

const inputs: fc.Arbitrary<Input> = fc.oneof(
  fc.record({
    kind: fc.constant("loop" as const),
    bytes: fc.maxSafeNat().map((bytes) => bytes % 2 ** 46),
    count: fc.integer({ min: 1, max: 1e8 }),
    written: fc.oneof(
      fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
      fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs),
    ),
  }),
  fc.record({ kind: fc.constant("trace" as const), name: fc.constantFrom("cc1", "git-log", "cinnabar") }),
  fc.record({ kind: fc.constant("text" as const), text: fc.string({ maxLength: 3000, unit: "binary" }) }),
  fc.record({
    kind: fc.constant("file" as const),
    name: fc.string({ minLength: 1, unit: "binary" }).map(plainName),
    process: fc.nat(),
  }),
  fc
    .tuple(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.nat())
    .map(([url, process]) => ({ kind: "file" as const, name: nameAt(url, "trace"), url, process })),
);

/** Models, modules that the person has, and modules that lie elsewhere. */
const choices: fc.Arbitrary<ViewState["sides"][0]> = fc.oneof(
  fc.constantFrom(...DEFAULT.sides),
  fc.string({ unit: "binary" }).map((name) => ({ allocator: `${plainName(name)}m.wasm`, options: {} })),
  fc.webUrl({ withQueryParameters: true }).map(parseChoice),
);

const states: fc.Arbitrary<ViewState> = fc.record({
  input: inputs,
  touch: fc.constantFrom("none", "first", "pages", "object"),
  sides: both(choices),
  at: nullable(fc.maxSafeNat()),
  windows: both(nullable(windows)),
  apart: fc.boolean(),
  follows: fc.boolean(),
  pages: both(nullable(addresses)),
  inside: fc.boolean(),
  differs: fc.boolean(),
  hidden: fc.subarray([...KIND_IDS]),
  speed: fc.constantFrom(...SPEEDS),
  chart: nullable(fc.constantFrom("bytes-over-time", "cost-against-size")),
  range: nullable(
    fc.tuple(fc.nat(), fc.integer({ min: 1 })).map(([from, more]): [number, number] => [from, from + more]),
  ),
  guide: nullable(
    fc.record({ story: fc.constantFrom("benfield", "cliff"), step: fc.integer({ min: 1, max: 7 }) }),
  ),
});

describe("a link", () => {
  it("gives every state again, exactly, however long its program is", async () => {
    const property = fc.asyncProperty(states, async (state) => {
      const { input } = state;
      const held = input.kind === "text" ? { ...state, input: (await packed(input)) as Input } : state;
      const link = formatState(held);
      const read = await readLink(`#${link}`);
      expect(read).toEqual(held);
      expect(formatState(read)).toBe(link);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it("packs a long program, and has no room for one that is too long", async () => {
    const text = Array.from({ length: 20_000 }, (_, id) => `c ${id} 1 ${4096 + (id % 7)}\nf ${id}\n`).join(
      "",
    );
    const program = await packed({ kind: "text", text: text.slice(0, 50_000) });
    expect(program?.packed?.length).toBeLessThan(30_000);
    expect(formatState({ ...DEFAULT, input: program as Input })).toMatch(/^packed=[\w-]+&a=/);
    expect(await packed({ kind: "text", text })).toBeUndefined();
    const short = { kind: "text", text: "a 1 1\n" } as const;
    expect(await packed(short)).toEqual(short);
  });

  it.each(["packed=!", "packed=AAAA", `packed=${"A".repeat(40_000)}`])(
    "is told to be damaged: %.20s",
    async (fragment) => {
      await expect(readLink(fragment)).rejects.toThrow(OptionError);
      await expect(readLink(fragment)).rejects.toThrow(/^packed: this/);
    },
  );
});
