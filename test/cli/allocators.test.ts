import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { builtInModules } from "../../src/allocator/built-in.js";
import { UsageError } from "../../src/base/errors.js";
import { joinWords } from "../../src/base/numbers.js";
import { parseAllocators } from "../../src/cli/allocators.js";
import { allocatorLabel } from "../../src/report/label.js";
import { models } from "../../src/sandbox/models.js";
import { catalogue } from "./fakes.js";

const parse = (text?: string) => parseAllocators(text, catalogue);

describe("a list of allocators", () => {
  test("is every model if none is given", () => {
    expect(parse()).toEqual([
      { model: "lazy", options: {} },
      { model: "libmalloc", options: {} },
    ]);
  });

  test("is every model but those for who asks, whom all brings", () => {
    const all = parseAllocators("all", { ...catalogue, models }).map(({ model }) => model);
    const some = parseAllocators(undefined, { ...catalogue, models }).map(({ model }) => model);
    expect(all).toContain("tcmalloc");
    expect(some).not.toContain("tcmalloc");
    expect(all.filter((name) => !some.includes(name))).toEqual(
      models.filter(({ onRequest }) => onRequest).map(({ name }) => name),
    );
    expect(all.some((name) => name.includes("/"))).toBe(false);
  });

  test("names models with their options and the machine's", () => {
    expect(
      parse("libmalloc, libmalloc:zeroing=dirty,libmalloc:memory=64GiB:slots=8,lazy:pageSize=16KiB"),
    ).toEqual([
      { model: "libmalloc", options: {} },
      { model: "libmalloc", options: { zeroing: "dirty" } },
      { model: "libmalloc", options: { memory: 64 * 2 ** 30, slots: 8 } },
      { model: "lazy", options: { pageSize: 16_384 } },
    ]);
  });

  test("takes glibc's options by their real names, and its tunables in one string", () => {
    const own = (text: string) => parseAllocators(text, { ...catalogue, models })[0]?.options;
    expect(own("glibc:MALLOC_ARENA_MAX=2:M_TRIM_THRESHOLD=-1:glibc.malloc.tcache_count=0")).toEqual({
      ...{ arenaMax: 2, trimThreshold: -1, tcacheCount: 0 },
    });
    expect(own("glibc:GLIBC_TUNABLES=glibc.malloc.arena_max=2:glibc.malloc.top_pad=-1")).toEqual({
      ...{ arenaMax: 2, topPad: -1 },
    });
    expect(() => own("glibc:tcacheCount=-1")).toThrow('glibc:tcacheCount cannot be "-1"');
  });

  test("keeps its order and has each once", () => {
    expect(parse("libmalloc,lazy,libmalloc,lazy:pageSize=4KiB,lazy:pageSize=4096").map(labelOf)).toEqual([
      "libmalloc",
      "lazy",
      "lazy:pageSize=4KiB",
    ]);
  });

  test("a size may be written in any unit, also where only some are allowed", () => {
    expect(parse("lazy:pageSize=65536")).toEqual(parse("lazy:pageSize=64k"));
  });
});

describe("a refusal says what there is", () => {
  test.each([
    ["", '--allocator: there is no model ""; there are lazy and libmalloc'],
    ["lazy,", '--allocator: there is no model ""; there are lazy and libmalloc'],
    ["libmaloc", '--allocator: there is no model "libmaloc"; there are lazy and libmalloc'],
    ["lazy:", '--allocator: "" is not an option: write lazy:option=value'],
    ["lazy:pageSize", '--allocator: "pageSize" is not an option: write lazy:option=value'],
    ["lazy:zeroing=dirty", '--allocator: lazy has no option "zeroing"; it takes pageSize and kernel'],
    [
      "libmalloc:zeroing=never",
      '--allocator: libmalloc:zeroing cannot be "never"; it is one of always, dirty',
    ],
    ["libmalloc:zeroing=", '--allocator: libmalloc:zeroing cannot be ""; it is one of always, dirty'],
    ["libmalloc:memory=big", '--allocator: libmalloc:memory cannot be "big"; it is a size, such as 64GiB'],
    ["libmalloc:memory=", '--allocator: libmalloc:memory cannot be ""; it is a size, such as 64GiB'],
    ["libmalloc:slots=few", '--allocator: libmalloc:slots cannot be "few"; it is a number'],
    ["lazy:pageSize=8KiB", '--allocator: lazy:pageSize cannot be "8KiB"; it is one of 4KiB, 16KiB, 64KiB'],
    ["libmalloc:slots=1:slots=2", '--allocator: "libmalloc:slots=1:slots=2" sets slots twice'],
  ])("%j", (text, message) => {
    expect(() => parse(text)).toThrow(UsageError);
    expect(() => parse(text)).toThrow(message);
  });
});

test("an allocator reads back from its label", () => {
  const options = fc.record(
    {
      zeroing: fc.constantFrom("always", "dirty"),
      memory: fc.maxSafeNat(),
      slots: fc.maxSafeNat(),
      pageSize: fc.constantFrom(4096, 16_384, 65_536),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.uniqueArray(options, { minLength: 1, selector: (one) => JSON.stringify(one) }), (list) => {
      const choices = list.map((one) => ({ model: "libmalloc", options: { ...one } }));
      expect(parse(choices.map(labelOf).join())).toEqual(choices);
    }),
  );
});

test("any text is a list of allocators, or a UsageError", () => {
  const unit = fc.constantFrom(
    "lazy",
    "libmalloc",
    "zeroing",
    "slots",
    "dirty",
    "=",
    ":",
    ",",
    "1",
    "KiB",
    "__proto__",
  );
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      try {
        expect(parse(text).length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
  );
});

function labelOf({ model, options }: ReturnType<typeof parse>[number]): string {
  return allocatorLabel({ allocator: model, options });
}

test("a path that ends in .wasm is a module, where modules are taken", () => {
  const choices = parseAllocators("lazy, a:b/own.wasm,a:b/own.wasm", catalogue, "modules");
  expect(choices).toEqual([
    { model: "lazy", options: {} },
    { model: "a:b/own.wasm", options: {} },
  ]);
  expect(() => parseAllocators("lazy,own.wasm", catalogue)).toThrow(
    "own.wasm is a wasm module, and this command needs the simulated machine: name a model here; run calloc-loop and pattern, " +
      "cliffs, replay, tune, check and bench take modules",
  );
});

test("a built-in module is known by its name, with the options of modules, where modules are taken", () => {
  expect(parseAllocators("lazy,as-tlsf,as-stub:malloc=take", catalogue, "modules")).toEqual([
    { model: "lazy", options: {} },
    { model: "as-tlsf", options: {} },
    { model: "as-stub", options: { malloc: "take" } },
  ]);
  expect(() => parseAllocators("as-tlsf", catalogue)).toThrow("as-tlsf is a wasm module, and this command");
  const names = joinWords(builtInModules.map(({ name }) => name));
  expect(() => parseAllocators("x", catalogue, "modules")).toThrow(
    `there is no model "x"; there are lazy and libmalloc, and the modules ${names}`,
  );
});

test("no built-in module has a model's name", () => {
  const names = [...models, ...builtInModules].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
