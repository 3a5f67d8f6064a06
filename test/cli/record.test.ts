import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { whyNotPreloaded } from "../../src/record/native/program.js";
import { type Recording, type RecordOptions, recordProgram } from "../../src/record/native/record.js";
import { readTrace } from "../../src/trace/read.js";
import { hasTool } from "../toolchains.js";
import { run } from "./fakes.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const out = (name = "out.trace.gz") => join(folder, name);

describe("zeropage record", () => {
  it("writes the trace of the program, tells of the others, and ends as the program did", async () => {
    const { code, stdout, stderr, asked } = await run(["record", "-o", out(), "--", "main", "-x", "--help"]);
    expect({ code, stdout }).toEqual({ code: 5, stdout: "" });
    expect(stderr.split("\n")).toEqual([
      "recorded with a fake",
      `wrote ${out()}: main, 2 operations`,
      "note: main: one byte lost",
      "not written: child, 2 operations; --children writes them",
      "left out: what a fork did before going on as another program",
      "note: a record is damaged",
      "",
    ]);
    expect(asked).toEqual([
      {
        command: ["main", "-x", "--help"],
        env: {},
        sites: 0,
        exactTouches: false,
        touches: false,
        timesEvery: 1_000_000,
      },
    ]);
    expect(gunzipSync(await readFile(out())).toString()).toBe(
      "# recorded by zeropage 1.2.3 with a fake: main -x --help\nr 0 32\nf 0\n",
    );
  });

  it("takes the arguments of the program for its own also without dashes", async () => {
    const { asked } = await run(["record", "-o", out(), "main", "--json", "-o", "x"]);
    expect(asked[0]?.command).toEqual(["main", "--json", "-o", "x"]);
  });

  it("writes the traces of children beside it, and what there is as JSON", async () => {
    const flags = ["--children", "--json", out("all.json"), "--sites", "--touches", "--times", "0"];
    const { asked } = await run(["record", "-o", out(), ...flags, "--with", "preload", "--", "main"]);
    expect(asked[0]).toMatchObject({ sites: 32, touches: true, timesEvery: 0, recorder: "preload" });
    expect(existsSync(out("out.1-child.trace.gz"))).toBe(true);
    const program = { operations: 2, notes: ["one byte lost"] };
    expect(JSON.parse(await readFile(out("all.json"), "utf8"))).toEqual({
      ...{ schema: 1, version: "1.2.3" },
      recorder: "a fake",
      exitCode: 5,
      programs: [
        { ...program, process: 7, program: "main", main: true, file: out() },
        { ...program, process: 8, program: "child", main: false, file: out("out.1-child.trace.gz") },
      ],
    });
  });

  it("fails where the trace cannot be made, and says why once", async () => {
    const recordProgram = async (): Promise<Recording> => ({
      ...{
        recorder: "a fake",
        by: "preload",
        ended: { process: 7, exitCode: 0 },
        onlyForked: 0,
        isCut: false,
        notes: [],
      },
      programs: [
        {
          ...{ process: 7, name: "main", isMain: true, count: async () => 0 },
          open: () => Promise.reject(new TraceError("byte 40: it is damaged")),
        },
      ],
      close: async () => {},
    });
    const { code, stderr } = await run(["record", "-o", out(), "--", "main"], { library: { recordProgram } });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "recorded with a fake\nnote: main: it has no trace: byte 40: it is damaged\n",
    });
    expect(existsSync(out())).toBe(false);
  });

  it("writes plain text where the file's name does not end in .gz", async () => {
    await run(["record", "-o", out("out.txt"), "--", "main"]);
    expect(await readFile(out("out.txt"), "utf8")).toContain("\nr 0 32\n");
  });

  it.each([
    [["record"], "name a program and its arguments: zeropage record -- git log -p"],
    [["record", "--frames", "65", "ls"], "--frames: a site has at most 64 frames, not 65"],
    [
      ["record", "--times", "1ms", "ls"],
      '--times: "1ms" is not a number of nanoseconds: write 0 for the time of each operation',
    ],
    [["record", "-o", "-", "ls"], "--output: standard output is the program's: name a file"],
    [["record", "--with", "magic", "ls"], '--with: "magic" is not one of preload, valgrind'],
    [
      ["record", "-o", "/nowhere/x.gz", "ls"],
      '--output: cannot write "/nowhere/x.gz": there is no such folder',
    ],
  ])("refuses %j", async (argv, message) => {
    const { code, stderr, asked } = await run(argv);
    expect({ code, stderr, asked }).toEqual({ code: 2, stderr: `zeropage: ${message}\n`, asked: [] });
  });

  it("leaves no trace of a wasm module that is no program", async () => {
    await writeFile(out("app.wasm"), Buffer.from("\0asm\x01\0\0\0"));
    const { code, stderr } = await run(["record", "-o", out(), out("app.wasm")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^zeropage: the module is no program, as it has no _start: .+\n$/);
    expect(existsSync(out())).toBe(false);
  });

  it.each([
    ["preload", "it asked nothing of malloc, or it has a malloc of its own, which --with valgrind sees"],
    ["valgrind", "it asked nothing of malloc"],
  ] as const)("says of a program that asked nothing why that may be: %s", async (by, why) => {
    const empty = {
      ...{ process: 7, name: "main", isMain: true, count: async () => 0 },
      open: () => readTrace(""),
    };
    const recordProgram = async (): Promise<Recording> => ({
      ...{ recorder: "a fake", by, ended: { process: 7, exitCode: 0 }, onlyForked: 0, isCut: false },
      ...{ programs: [empty], notes: [], close: async () => {} },
    });
    const { code, stderr } = await run(["record", "-o", out(), "--", "main"], { library: { recordProgram } });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `recorded with a fake\nwrote ${out()}: main, 0 operations\nzeropage: nothing was recorded of the program: ${why}\n`,
    });
  });

  it("refers to the notes where there was no room for the record", async () => {
    const recordProgram = async (): Promise<Recording> => ({
      ...{
        recorder: "a fake",
        by: "preload",
        ended: { process: 7, exitCode: 0 },
        onlyForked: 0,
        isCut: true,
      },
      ...{ programs: [], notes: ["it is empty"], close: async () => {} },
    });
    const { code, stderr } = await run(["record", "-o", out(), "--", "main"], { library: { recordProgram } });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        "recorded with a fake\nnote: it is empty\nzeropage: nothing was recorded of the program: the notes say why\n",
    });
  });
});

describe.skipIf(process.platform !== "linux")("a program that cannot be recorded", () => {
  const options: RecordOptions = {
    env: { PATH: "/usr/bin:/bin" },
    sites: 0,
    exactTouches: false,
    touches: false,
    timesEvery: 0,
  };
  const refusal = (command: [string, ...string[]], more: Partial<RecordOptions> = {}): Promise<string> =>
    recordProgram(command, { ...options, ...more }).then(
      () => "it ran",
      (error: Error) => `${error.name}: ${error.message}`,
    );

  it("is named, with what to do", async () => {
    expect(await refusal(["nosuch"])).toBe(
      'UsageError: there is no program "nosuch": write its path, or a name that PATH has',
    );
    expect(await refusal([folder])).toBe(`UsageError: "${folder}" is a folder, and no program`);
    await writeFile(out("data"), "data", { mode: 0o644 });
    expect(await refusal([out("data")])).toBe(
      `UsageError: "${out("data")}" may not be run: chmod +x would allow it`,
    );
    expect(await refusal(["ls"], { recorder: "valgrind", touches: true })).toBe(
      "UsageError: --touches: Valgrind does not tell them: leave it or --with out",
    );
    const env = { ...options.env, CC: "no-such-compiler" };
    expect(await refusal(["ls"], { env, recorder: "preload" })).toBe(
      "UsageError: the recorder cannot be compiled (there is no no-such-compiler): install gcc, or valgrind for what it tells",
    );
  });

  it.skipIf(!hasTool("gcc"))("is a script without its interpreter", async () => {
    await writeFile(out("script"), "#!/no/such/interpreter\n", { mode: 0o755 });
    const env = { ...options.env, XDG_CACHE_HOME: out("cache") };
    expect(await refusal([out("script")], { env })).toBe(
      `ZeropageError: there is no program "${out("script")}", or not the interpreter that it names`,
    );
  });

  it.skipIf(!hasTool("gcc"))("has nowhere to keep the recorder", async () => {
    await writeFile(out("file"), "");
    const env = { ...options.env, XDG_CACHE_HOME: out("file") };
    expect(await refusal(["ls"], { env, recorder: "preload" })).toBe(
      `UsageError: the recorder cannot be kept in ${out("file/zeropage")}: set XDG_CACHE_HOME to a folder that can be written`,
    );
  });

  it("is one of another kind, as its header says", async () => {
    const header = (bits: number) => {
      const bytes = Buffer.alloc(64);
      bytes.write("\x7fELF");
      bytes[4] = bits;
      bytes[5] = 1;
      return bytes;
    };
    await writeFile(out("old"), header(1));
    expect(await whyNotPreloaded(out("old"))).toBe(
      "old is a program of 32 bits, and the recorder is one of 64: add --with valgrind",
    );
    await writeFile(out("alone"), header(2));
    expect(await whyNotPreloaded(out("alone"))).toBe(
      "alone is linked statically, so that nothing can be preloaded into it: link it without -static",
    );
    await writeFile(out("script"), "#!/bin/sh\n");
    expect(await whyNotPreloaded(out("script"))).toBeUndefined();
  });
});
