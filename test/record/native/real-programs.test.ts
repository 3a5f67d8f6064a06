/** Programs of others, recorded by the built command: they do what they always do, and their traces replay. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSandbox } from "../../../src/sandbox/open.js";
import { readTrace } from "../../../src/trace/read.js";
import { hasTool } from "../../toolchains.js";
import { countByLetter } from "../../trace/helpers.js";
import { Workshop } from "./helpers.js";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const SOURCE = fileURLToPath(new URL("program.c", import.meta.url));

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

/** What the model of glibc counts of a trace. */
async function countersOf(name: string) {
  const sandbox = await openSandbox("glibc");
  await sandbox.replay(await readTrace(await readFile(workshop.path(name))));
  return sandbox.counters();
}

describe.skipIf(process.platform !== "linux" || !hasTool("gcc"))("a program of others", () => {
  it.skipIf(!hasTool("git"))(
    "git prints what it does without the recorder, and its pages are known",
    async () => {
      const command = ["git", "log", "--stat", "-3"] as const;
      const bare = await run(command[0], command.slice(1), { cwd: ROOT });
      const flags = ["--touches", "--sites", "--times", "0", "--json", workshop.path("git.json")];
      const { code, stdout } = await workshop.record(command, flags);
      expect({ code, stdout }).toEqual({ code: 0, stdout: bare.stdout });
      const counts = countByLetter(await workshop.trace());
      expect(counts.s).toBeGreaterThan(100);
      expect(counts.w).toBeGreaterThan(100);
      expect((await countersOf("out.gz")).bytes.resident).toBeGreaterThan(0);
      const [main] = JSON.parse(await readFile(workshop.path("git.json"), "utf8")).programs;
      const { a = 0, c = 0, m = 0, r = 0, f = 0 } = counts;
      expect(main).toMatchObject({ program: "git", main: true, operations: a + c + m + r + f });
    },
  );

  it("gcc compiles, and the compiler proper that it starts has a trace of its own", async () => {
    const command = ["gcc", "-O1", "-c", SOURCE, "-o", workshop.path("program.o")];
    const { code, stderr } = await workshop.record(command, ["--children"]);
    expect(code).toBe(0);
    expect(await workshop.traces()).toEqual(["out.1-cc1.gz", "out.2-as.gz", "out.gz"]);
    expect(stderr).toMatch(/^wrote .*: cc1, [\d,]+ operations$/m);
    expect(countByLetter(await workshop.trace("out.1-cc1.gz")).c).toBeGreaterThan(1000);
  });

  it.skipIf(!hasTool("python3"))("python3 runs its threads, each of which is told", async () => {
    const script = [
      "import threading",
      "held = []",
      "threads = [threading.Thread(target=lambda: held.append(bytearray(3000000))) for _ in range(3)]",
      "[thread.start() for thread in threads]",
      "[thread.join() for thread in threads]",
      "print(sum(map(len, held)))",
    ].join("\n");
    const { code, stdout, stderr } = await workshop.record(["python3", "-c", script]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "9000000\n" });
    expect(stderr).toMatch(/^wrote .*: python3[\d.]*, [\d,]+ operations, 4 threads$/m);
    const asked = (await workshop.trace()).filter((line) => /^[ac] \d+ (1 )?30000\d\d$/.test(line));
    expect(asked.length).toBe(3);
  });

  it.skipIf(!hasTool("valgrind"))("is recorded by Valgrind where one asks for it", async () => {
    const { code, stderr } = await workshop.record(["ls", "-d", "/"], ["--with", "valgrind"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^recorded with Valgrind\nwrote .*: ls, \d+ operations\n/);
    expect(countByLetter(await workshop.trace()).a).toBeGreaterThan(10);
  });
});
