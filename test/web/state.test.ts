import { describe, expect, it } from "vitest";
import { models, OptionError } from "../../src/index.js";
import {
  DEFAULT,
  formatPercent,
  formatState,
  parseChoice,
  parseState,
  shortened,
  type ViewState,
} from "../../src/web/state.js";

describe("a link", () => {
  const states: Record<string, ViewState> = {
    "of the default view": DEFAULT,
    "of a loop with everything set": {
      input: { kind: "loop", bytes: 12345, count: 7, written: 0.125 },
      touch: "pages",
      sides: [
        { allocator: "libmalloc", options: { zeroing: "dirty", memory: 64 * 2 ** 30, kernel: "linux" } },
        { allocator: "glibc", options: { mmapThreshold: 1000, tcacheCount: 0 } },
      ],
      at: 13,
      windows: [{ start: 0x7ffff7ff0000, cell: 16384 }, null],
      apart: true,
      follows: true,
      pages: [null, 0x555555560000],
      inside: true,
      differs: true,
      hidden: ["needless", "reserved", "touched-left"],
      speed: 1000,
      chart: "bytes-over-time",
      range: [3, 13],
      guide: { story: "cliff", step: 3 },
    },
    "of the bug report": {
      ...DEFAULT,
      input: { kind: "reads", chunk: 2 ** 30, way: "malloc+memset", body: 49152 },
    },
    "of two modules": {
      ...DEFAULT,
      sides: [
        { allocator: "my module: v2=3.wasm", options: {} },
        { allocator: "b.wasm", options: {} },
      ],
    },
    "of a built-in module": {
      ...DEFAULT,
      sides: [
        { allocator: "as-tlsf", options: {} },
        { allocator: "lazy", options: {} },
      ],
    },
    "of a bundled trace": { ...DEFAULT, input: { kind: "trace", name: "cc1" }, touch: "object", at: 0 },
    "of a program": { ...DEFAULT, input: { kind: "text", text: "a 1 100 # &%+é\nf 1\n" } },
    "of a process": { ...DEFAULT, input: { kind: "file", name: "trace.log", process: 4711 } },
    "of a process of what is typed": { ...DEFAULT, input: { kind: "text", text: "f 1", process: 0 } },
    "of a file": { ...DEFAULT, input: { kind: "file", name: "my trace (1).gz" } },
  };

  it.each(Object.entries(states))("%s gives it again", (_, state) => {
    expect(parseState(`#${formatState(state)}`)).toEqual(state);
  });

  it("without anything is the default view", () => {
    expect(parseState("")).toEqual(DEFAULT);
  });

  it("of the bug report needs no more than a chunk", () => {
    const input = { kind: "reads", chunk: 10 * 2 ** 20, way: "calloc", body: 10 * 2 ** 20 };
    expect(parseState("chunk=10MiB").input).toEqual(input);
  });

  it.each([
    [
      "a=dlmalloc",
      `there is no allocator "dlmalloc"; there are ${models.map(({ name }) => name).join(", ")}`,
    ],
    ["a=naive:zeroing=dirty", 'naive has no option "zeroing"'],
    ["b=glibc:topPad=many", 'option topPad: "many" is not a size'],
    ["size=big", 'size: "big" is not a size'],
    ["count=0", 'count: "0" is not a whole number from 1'],
    ["count=1.5", 'count: "1.5" is not a whole number from 1'],
    ["at=-1", 'at: "-1" is not a whole number from 0'],
    ["written=101%", 'written: "101%" is not a share: write 0% to 100%'],
    ["chunk=big", 'chunk: "big" is not a size'],
    ["chunk=0", "chunk: give at least 1 byte"],
    ["chunk=10MiB&way=alloca", 'way: "alloca" is not one of malloc+memset, calloc, malloc'],
    ["chunk=10MiB&body=100000", "body: a read gets 16,384 bytes: give a multiple of that, up to 16GiB"],
    ["chunk=10MiB&body=0", "body: a read gets 16,384 bytes"],
    ["touch=all", 'touch: "all" is not one of none, first, pages, object'],
    ["file=trace.log&process=gcc", 'process: "gcc" is not a whole number from 0'],
    ["speed=7", 'speed: "7" is not one of 0, 1, 10'],
    ["trace=doom", 'trace: "doom" is not one of git-log, cc1, cinnabar'],
  ])("with %s is refused, with what to write", (fragment, message) => {
    expect(() => parseState(fragment)).toThrow(OptionError);
    expect(() => parseState(fragment)).toThrow(message);
  });

  it.each([
    [0.29, "29%"],
    [0.07, "7%"],
    [1e-9, "1e-7%"],
    [0.125, "12.5%"],
  ])("writes the share %d as it is read", (share, text) => {
    expect(formatPercent(share)).toBe(text);
    expect(parseState(`written=${text}`).input).toHaveProperty("written", share);
  });

  it("with a map that makes no sense shows what fits", () => {
    expect(parseState("map-a=zz.4KiB&map-b=1000.5KiB").windows).toEqual([null, null]);
  });
});

describe("what a module runs at first", () => {
  it.each([
    ["size=100MiB&count=10000", "size=100MiB&count=100"],
    ["size=100MiB&count=7", "size=100MiB&count=7"],
    ["size=1MiB&count=10000", "size=1MiB&count=10000"],
    ["size=0&count=10000", "size=0&count=10000"],
    ["size=40GiB&count=10000", "size=40GiB&count=1"],
    ["chunk=1GiB&way=malloc&body=10MiB", "chunk=1GiB&way=malloc&body=160KiB"],
    ["chunk=100&way=malloc&body=1000", "chunk=100&way=malloc&body=1000"],
    ["trace=cc1", "trace=cc1"],
  ])("of %s is %s", (asked, runs) => {
    expect(shortened(parseState(asked).input)).toEqual(parseState(runs).input);
  });
});

describe("an allocator", () => {
  it("is read as the command line writes it", () => {
    expect(parseChoice("libmalloc:zeroing=dirty:memory=64GiB:pageSize=16KiB")).toEqual({
      allocator: "libmalloc",
      options: { zeroing: "dirty", memory: 64 * 2 ** 30, pageSize: 16384 },
    });
  });
});
