import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UsageError } from "../../src/cli/exit.js";
import { prepareSvg } from "../../src/cli/outfile.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const prepare = (name: string) => prepareSvg("--chart", join(folder, name));

test("nothing is written until there is something to write, and nothing is left beside it", async () => {
  const file = await prepare("out.svg");
  expect(await readdir(folder)).toEqual([]);
  await file.write("<svg/>");
  expect(await readdir(folder)).toEqual(["out.svg"]);
  expect(await readFile(file.path, "utf8")).toBe("<svg/>");
});

test("a file that is there is replaced, through a link its target", async () => {
  await writeFile(join(folder, "old.svg"), "old");
  await symlink("old.svg", join(folder, "link.svg"));
  await (await prepare("link.svg")).write("new");
  expect(await readlink(join(folder, "link.svg"))).toBe("old.svg");
  expect(await readFile(join(folder, "old.svg"), "utf8")).toBe("new");
});

test("a path that cannot be written is refused at once, and named", async () => {
  await mkdir(join(folder, "folder.svg"));
  await writeFile(join(folder, "file"), "");
  const refusal = async (name: string) => {
    const error = await prepare(name).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message.replace(folder, "DIR");
  };
  expect(await refusal("no/out.svg")).toBe('--chart: cannot write "DIR/no/out.svg": there is no such folder');
  expect(await refusal("folder.svg")).toBe('--chart: cannot write "DIR/folder.svg": it is a folder');
  expect(await refusal("out.png")).toBe(
    '--chart: the chart is an SVG image: end "DIR/out.png" in .svg, not .png',
  );
});

test("if writing fails, the old file stays and nothing is left beside it", async () => {
  await writeFile(join(folder, "out.svg"), "old");
  const file = await prepare("out.svg");
  await rm(join(folder, "out.svg"));
  await mkdir(join(folder, "out.svg"));
  await writeFile(join(folder, "out.svg", "something"), "");
  await expect(file.write("new")).rejects.toThrow();
  expect(await readdir(folder)).toEqual(["out.svg"]);
});
