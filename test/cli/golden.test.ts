/** What the built command prints, compared with golden files. record-goldens.ts writes them. */
import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { FOLDER, goldens, printed } from "./goldens.js";

test.each(goldens)("prints $file as ever", async (golden) => {
  expect(await printed(golden)).toBe(await readFile(new URL(golden.file, FOLDER), "utf8"));
});

test("every golden file is of something", async () => {
  expect((await readdir(FOLDER)).sort()).toEqual(goldens.map(({ file }) => file).sort());
});
