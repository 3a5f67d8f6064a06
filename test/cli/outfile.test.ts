import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../../src/base/errors.js";
import { prepareStream, prepareSvg } from "../../src/cli/outfile.js";

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

describe("a file written piece by piece", () => {
  const stream = (name: string) => prepareStream("--addresses", join(folder, name));

  test("appears when it is finished, and not before", async () => {
    await writeFile(join(folder, "out"), "old");
    const file = await stream("out");
    file.append("one\n");
    file.append("two é\n");
    expect(await readFile(join(folder, "out"), "utf8")).toBe("old");
    file.finish();
    expect(await readFile(join(folder, "out"), "utf8")).toBe("one\ntwo é\n");
    expect(await readdir(folder)).toEqual(["out"]);
  });

  test("is empty if nothing was added", async () => {
    (await stream("out")).finish();
    expect(await readFile(join(folder, "out"), "utf8")).toBe("");
  });

  test("leaves nothing when it is discarded, whether begun or not", async () => {
    const file = await stream("out");
    file.append("one\n");
    file.discard();
    (await stream("out")).discard();
    expect(await readdir(folder)).toEqual([]);
  });

  test("may be a device", async () => {
    const file = await prepareStream("--addresses", "/dev/null");
    file.append("one\n");
    file.finish();
  });

  test("that cannot be written is refused at once", async () => {
    await expect(stream("no/out")).rejects.toThrow('/no/out": there is no such folder');
  });
});
