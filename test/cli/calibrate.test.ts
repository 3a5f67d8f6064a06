import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "./fakes.js";

test("a calibration says of each figure how sure it is", async () => {
  const { code, stdout, asked } = await run(["calibrate"]);
  expect({ code, asked }).toEqual({
    code: 0,
    asked: [{ name: "this-host", rounds: 15, bytes: 64 * 2 ** 20 }],
  });
  expect(stdout).toMatchInlineSnapshot(`
    "cost profile this-host: a made-up host

    figure            ns  how sure
    ──────────────  ────  ───────────────────────────────────────────────────
    fault.zeroMap    612  measured, quartiles 5.1% apart over 15 rounds
    fault.zeroFill  3360  assumed: 32 faults, though 16384 pages were touched
    "
  `);
});

test("it can be saved, for --costs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
  const file = join(folder, "here.json");
  const saved = await run(["calibrate", "--name", "here", "--save", file, "--json"]);
  const { asked } = await run([
    "run",
    "calloc-loop",
    "--size",
    "1MiB",
    "--allocator",
    "lazy",
    "--costs",
    file,
  ]);
  const text = await readFile(file, "utf8");
  await rm(folder, { recursive: true });
  expect(saved).toMatchObject({ code: 0, stdout: text, stderr: `wrote ${file}\n` });
  expect(asked).toMatchObject([{ costs: { name: "here" } }]);
});

test.each(["few", "0"])("a wrong flag is named, before anything is measured: --rounds %s", async (rounds) => {
  const { code, asked, stderr } = await run(["calibrate", "--rounds", rounds]);
  expect({ code, asked }).toEqual({ code: 2, asked: [] });
  expect(stderr).toMatch(new RegExp(`^zeropage: --rounds: "${rounds}" is not a count: `));
});
