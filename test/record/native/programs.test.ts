/** Programs whose calls are known, recorded by the built command. `npm test` builds it first. */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRecorder } from "../../../src/record/native/compile.js";
import { openSandbox } from "../../../src/sandbox/open.js";
import { readTrace } from "../../../src/trace/read.js";
import { zeropage } from "../../cli/spawn.js";
import { whyNotLive } from "../../oracle/live.js";
import { MALLINFO } from "../../oracle/observation.js";
import { findOracle } from "../../oracle/oracle.js";
import { hasTool } from "../../toolchains.js";
import { countByLetter } from "../../trace/helpers.js";
import { STRICT, sortedTouches, Workshop } from "./helpers.js";

const hasCompiler = process.platform === "linux" && hasTool("gcc");
const otherGlibc = whyNotLive(await findOracle());

let workshop: Workshop;
let program = "";
beforeAll(async () => {
  workshop = await Workshop.open();
  if (hasCompiler) program = await workshop.build();
});
afterAll(() => workshop.close());

describe.skipIf(!hasCompiler)("a native program that is recorded", () => {
  it.each(["gcc", "clang"] as const)("has a recorder that %s compiles without a warning", async (CC) => {
    if (!hasTool(CC)) return;
    const env = { ...process.env, CC, XDG_CACHE_HOME: workshop.path("cache") };
    expect(await findRecorder(env, STRICT)).toMatchObject({ state: "built", compiler: CC });
  });

  it("gives exactly the calls that it makes", async () => {
    const { code, stdout, stderr } = await workshop.record([program, "calls"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(/^recorded with a preloaded library \(built by .+\)$/),
      `wrote ${workshop.path("out.gz")}: program, 15 operations`,
      "note: program: left out: allocations that failed (3)",
      "",
    ]);
    expect(await workshop.trace()).toEqual([
      ...["a 0 10", "c 1 3 20", "r 0 5000", "a 2 100", "m 3 64 100", "m 4 32 96", "m 5 128 7", "m 6 4096 11"],
      ...["m 7 4096 4096", "a 8 27", "a 9 0", "f 3", "f 2", "k 0", "f 0"],
    ]);
  });

  it("gives each thread its own calls, and its end", async () => {
    await workshop.record([program, "threads"]);
    const trace = await workshop.trace();
    // The C library allocates what a thread needs of its own.
    expect(trace.map((line) => line.replace(/^c 1 \d+ 16$/, "c 1 N 16"))).toEqual([
      ...[
        "a 0 1",
        "c 1 N 16",
        "t 2",
        "a 2 1001",
        "f 2",
        "x 2",
        "t 3",
        "a 2 1002",
        "f 2",
        "x 3",
        "t 1",
        "f 0",
      ],
    ]);
  });

  it("keeps the order in which threads give addresses to each other", async () => {
    const { stderr } = await workshop.record([program, "race"]);
    expect(stderr).not.toContain("note:");
    const { all: _, t: __, x: ends, ...counts } = countByLetter(await workshop.trace());
    // Half of all objects are asked for by malloc, and half by malloc and realloc; all are freed.
    expect(counts).toEqual({ a: 40_000, c: 4, r: expect.any(Number), f: 40_000 });
    expect(counts.r).toBeGreaterThan(15_000);
    expect(ends).toBe(4);
  });

  it("has what it did until it crashed, and its exit code", async () => {
    const crashed = await workshop.record([program, "crash"]);
    expect(crashed.code).toBe(128 + 11);
    expect(crashed.stderr).toContain("note: the program was ended by SIGSEGV\n");
    expect((await workshop.trace()).filter((line) => line.startsWith("a"))).toEqual(["a 0 11", "a 2 22"]);
    expect((await workshop.record([program, "abort"])).code).toBe(128 + 6);
    expect(await workshop.trace()).toEqual(["a 0 33"]);
  });

  it("is followed into its forks, whose traces go on from their parent's", async () => {
    await workshop.record([program, "forks"], ["--children"]);
    expect(await workshop.trace()).toEqual(["a 0 100", "a 1 200", "a 2 500"]);
    expect(await workshop.trace("out.1-program.gz")).toEqual(["a 0 100", "a 1 200", "f 0", "a 0 300"]);
    expect(await workshop.trace("out.2-program.gz")).toEqual([
      "a 0 100",
      "a 1 200",
      "f 0",
      "a 0 300",
      "a 2 400",
    ]);
  });

  it("leaves a process behind, which is named and goes on", async () => {
    const { code, stderr } = await workshop.record([program, "stays"], ["--children"]);
    expect(code).toBe(3);
    const [, left] =
      /note: program: process (\d+) still runs, and its trace ends where the program did\n/.exec(
        stderr,
      ) as RegExpExecArray;
    expect(process.kill(Number(left), "SIGKILL")).toBe(true);
    expect(await workshop.trace("out.1-program.gz")).toEqual(["a 0 100"]);
  });

  it("has a name of its own for its trace where two are recorded at once, and none where it does not run", async () => {
    const cwd = workshop.path("names");
    await mkdir(cwd);
    const record = (name: string) => zeropage(["record", "--", name, "leaf"], { cwd });
    const [one, other] = await Promise.all([record(program), record(program)]);
    expect([one.code, other.code]).toEqual([7, 7]);
    await record("./no-such-program");
    expect((await readdir(cwd)).sort()).toEqual(["program-2.trace.gz", "program.trace.gz"]);
  });

  it("is followed when it becomes another program, also with an empty environment", async () => {
    const { code, stderr } = await workshop.record([program, "execs"]);
    expect(code).toBe(7);
    expect(stderr).toContain(
      "not written: program, 1 operation; program, 1 operation; --children writes them\n",
    );
    expect(await workshop.trace()).toEqual(["a 0 77"]);
  });

  it("tells the pages of large blocks that it touches, or the kernel for it", async () => {
    const { stderr } = await workshop.record([program, "touches"], ["--touches"]);
    const [read, written] = ["l 1 4096 4096", "w 1 4096 4096"];
    const hasZeroPage = !stderr.includes("reads of pages count as writes");
    expect(sortedTouches(await workshop.trace())).toEqual([
      ...["a 0 40960", "c 1 5 4096", ...(hasZeroPage ? [read] : []), "w 0 0 4096", "w 0 12288 8192"],
      ...[...(hasZeroPage ? [] : [written]), "f 0"],
      ...["w 1 16384 4096", ...(hasZeroPage ? [written] : []), "r 1 32767"],
      ...["w 1 28672 4095", "a 0 8192", "w 0 0 4096", "f 0", "r 1 40", "w 1 0 40", "f 1"],
    ]);
    expect(gunzipSync(await readFile(workshop.path("out.gz"))).toString()).toContain(
      "# blocks of 4096 bytes and more have the pages that were touched; smaller ones count as written\n",
    );
  });

  it("tells each touch between the calls between which it was, if it is to be exact", async () => {
    await workshop.record([program, "paces"], ["--exact-touches"]);
    const between = (page: number) => [`w 0 ${page * 4096} 4096`, "a 1 8", "w 1 0 8", "f 1"];
    expect(await workshop.trace()).toEqual(["a 0 16384", ...[2, 1, 0].flatMap(between), "f 0"]);
  });

  it("makes known which faults are needless, where nobody says what is touched", async () => {
    await workshop.record([program, "tenth"], ["--touches"]);
    const sandbox = await openSandbox("naive");
    await sandbox.replay(await readTrace(await readFile(workshop.path("out.gz"))));
    const { faults } = sandbox.counters();
    // The model clears all of 256 pages, of which the program uses 25.
    expect(faults).toMatchObject({ zeroFill: 20 * 256, needless: 20 * 231 });
  });

  it("tells who calls, outermost first", async () => {
    await workshop.record([program, "forks"], ["--sites"]);
    const [site, operation] = await workshop.trace();
    expect(operation).toBe("a 0 100");
    expect(site).toMatch(/^s (.+;)?main;forks$/);
    await workshop.record([program, "forks"], ["--sites", "--frames", "1"]);
    expect((await workshop.trace())[0]).toBe("s forks");
  });

  it.skipIf(otherGlibc).each(["life", "lives"])(
    "replays on the model of glibc to what mallinfo2 said in the process, to the byte: %s",
    async (what) => {
      const { stdout } = await workshop.record([program, what]);
      const sandbox = await openSandbox("glibc");
      await sandbox.replay(await readTrace(await readFile(workshop.path("out.gz"))));
      const said = Object.fromEntries(MALLINFO.map((field, i) => [field, Number(stdout.split(" ")[i])]));
      expect(sandbox.statistics()).toMatchObject(said);
      expect(said.uordblks).toBeGreaterThan(1_000_000);
    },
  );
});
