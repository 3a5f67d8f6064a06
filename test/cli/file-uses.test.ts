/** No command replaces what it reads, nor what is there unasked. */

import { readFileSync } from "node:fs";
import { link, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { beginFileUses, useInput, useOutput } from "../../src/cli/file-uses.js";
import { linuxVm } from "../../src/costs/linux-vm.js";
import { zeropage } from "./spawn.js";

let folder = "";
beforeEach(async () => {
  beginFileUses(false);
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const TRACE = "a 1 100\nf 1\n";

describe("a file that is read", () => {
  beforeEach(() => writeFile(at("in"), TRACE));

  /** Ways to name it. */
  const NAMES: Record<string, () => Promise<string>> = {
    "its name": async () => at("in"),
    "a path that goes around": async () => `${folder}/../${basename(folder)}/in`,
    "a symbolic link": async () => {
      await symlink("in", at("link"));
      return at("link");
    },
    "a hard link": async () => {
      await link(at("in"), at("hard"));
      return at("hard");
    },
  };

  test.each(Object.keys(NAMES))("is not written by %s, whichever comes first, even by force", async (way) => {
    const name = await (NAMES[way] as () => Promise<string>)();
    beginFileUses(true);
    useInput(at("in"));
    expect(() => useOutput("--output", name)).toThrow(`--output ${name} would replace ${at("in")}`);
    beginFileUses(true);
    useOutput("--output", name);
    expect(() => useInput(at("in"))).toThrow(`--output ${name} would replace ${at("in")}`);
  });

  test("may be gone on with, if that is what is asked", () => {
    useOutput("--output", at("in"), { continues: at("in") });
  });
});

test("a file that is there is replaced by force alone, an empty one always", async () => {
  await writeFile(at("old"), "old");
  await writeFile(at("empty"), "");
  expect(() => useOutput("--chart", at("old"))).toThrow(
    "is there already: name another file, or replace it with --force",
  );
  useOutput("--chart", at("empty"));
  useOutput("--chart", at("new"));
  beginFileUses(true);
  useOutput("--chart", at("old"));
});

test("two flags do not write one file", () => {
  useOutput("--collapsed", at("out"));
  expect(() => useOutput("--pprof", `${folder}/./out`)).toThrow("is the file of --collapsed");
});

test("a device may be read and written at once", () => {
  useInput("/dev/null");
  useOutput("--output", "/dev/null");
  useOutput("--html", "/dev/null");
});

/** Each command that writes, with an input as its output, and with a file of the user's. */
const COMMANDS: Record<string, (output: string) => string[]> = {
  "replay --addresses": (out) => ["replay", "in.trace", "--allocator", "lazy", "--addresses", out],
  "replay --timeline": (out) => ["replay", "in.trace", "--timeline", out],
  "replay --malloc-stats": (out) => ["replay", "in.trace", "--allocator", "glibc", "--malloc-stats", out],
  "profile --collapsed": (out) => ["profile", "in.trace", "--allocator", "lazy", "--collapsed", out],
  "profile --flame": (out) => ["profile", "in.trace", "--allocator", "lazy", "--by", "site", "--flame", out],
  "check --junit": (out) => ["check", "in.wasm", "--junit", out],
  "bench --output": (out) => ["bench", "in.wasm", "--output", out],
  "bench --html": (out) => ["bench", "in.wasm", "--html", out],
  "run --chart": (out) => ["run", "calloc-loop", "--count", "1", "--costs", "in.json", "--chart", out],
  "calibrate --save": (out) => ["calibrate", "--rounds", "1", "--save", out],
  "merge --output": (out) => ["merge", "in.json", "--output", out],
  "record --output": (out) => ["record", "--output", out, "--", "./in.wasm"],
};

/** What commands read; a link whose name ends as a picture's leads to each. */
const INPUTS: Record<string, string | Uint8Array> = {
  "in.trace": TRACE,
  "in.wasm": readFileSync(new URL("../../build/heap.wasm", import.meta.url)),
  "in.json": JSON.stringify(linuxVm),
};
const MINE = "what the user wrote";

test.each(Object.entries(COMMANDS))("%s leaves what is there, and says how to go on", async (_, words) => {
  const isPicture = /--(timeline|flame|chart)$/.test(words("").at(-2) ?? "");
  const mine = isPicture ? "mine.svg" : "mine";
  const inputs = Object.keys(INPUTS).filter((name) => words("").some((word) => word.endsWith(name)));
  for (const name of inputs) {
    await writeFile(at(name), INPUTS[name] as string);
    await symlink(name, at(`${name}.svg`));
  }
  await writeFile(at(mine), MINE);
  const names = await readdir(folder);

  const refusal = async (output: string) => {
    const { code, stderr } = await zeropage(words(output), { cwd: folder });
    expect(code, stderr).toBe(2);
    return stderr;
  };
  expect(await refusal(mine)).toContain("is there already: name another file, or replace it with --force");
  for (const name of inputs)
    expect(await refusal(isPicture ? `${name}.svg` : name)).toMatch(/which is read|is there already/);

  expect(await readdir(folder)).toEqual(names);
  expect(await readFile(at(mine), "utf8")).toBe(MINE);
  for (const name of inputs) expect(await readFile(at(name))).toEqual(Buffer.from(INPUTS[name] as string));
});
