/**
 * What the command line prints, compared with golden files. `npm run record` writes them, after a change that is meant to
 * change it.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { FOLDER, goldens, printed } from "./goldens.js";

const RECORDS = process.env.ZEROPAGE_RECORD === "1";

beforeAll(async () => {
  if (!RECORDS) return;
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
});

test.each(goldens)("prints $file as ever", async (golden) => {
  const text = await printed(golden);
  const file = new URL(golden.file, FOLDER);
  if (RECORDS) await writeFile(file, text);
  expect(text).toBe(await readFile(file, "utf8"));
});

test("every golden file is of something", async () => {
  expect((await readdir(FOLDER)).sort()).toEqual(goldens.map(({ file }) => file).sort());
});
