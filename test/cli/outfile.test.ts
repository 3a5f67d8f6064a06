import { execFile, execFileSync } from "node:child_process";
import fs from "node:fs";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UsageError, ZeropageError } from "../../src/base/errors.js";
import { beginFileUses } from "../../src/cli/file-uses.js";
import { prepareStream, prepareSvg } from "../../src/cli/outfile.js";

let folder = "";
beforeEach(async () => {
  beginFileUses(true);
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const prepare = (name: string) => prepareSvg("--chart", join(folder, name));

test("nothing is written until there is something to write, and nothing is left beside it", async () => {
  const file = prepare("out.svg");
  expect(await readdir(folder)).toEqual([]);
  file.write("<svg/>");
  expect(await readdir(folder)).toEqual(["out.svg"]);
  expect(await readFile(file.path, "utf8")).toBe("<svg/>");
});

test("a file that is there is replaced, through a link its target", async () => {
  await writeFile(join(folder, "old.svg"), "old");
  await symlink("old.svg", join(folder, "link.svg"));
  prepare("link.svg").write("new");
  expect(await readlink(join(folder, "link.svg"))).toBe("old.svg");
  expect(await readFile(join(folder, "old.svg"), "utf8")).toBe("new");
});

test("a path that cannot be written is refused at once, and named", async () => {
  await mkdir(join(folder, "folder.svg"));
  await writeFile(join(folder, "file"), "");
  const refusal = (name: string) => {
    try {
      prepare(name);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as Error).message.replace(folder, "DIR");
    }
    return "it is taken";
  };
  expect(refusal("no/out.svg")).toBe('--chart: cannot write "DIR/no/out.svg": there is no such folder');
  expect(refusal("folder.svg")).toBe('--chart: cannot write "DIR/folder.svg": it is a folder');
  expect(refusal("out.png")).toBe('--chart: the chart is an SVG image: end "DIR/out.png" in .svg, not .png');
});

test("if writing fails, the old file stays and nothing is left beside it", async () => {
  await writeFile(join(folder, "out.svg"), "old");
  const file = prepare("out.svg");
  await rm(join(folder, "out.svg"));
  await mkdir(join(folder, "out.svg"));
  await writeFile(join(folder, "out.svg", "something"), "");
  expect(() => file.write("new")).toThrow(ZeropageError);
  expect(await readdir(folder)).toEqual(["out.svg"]);
});

describe("a file written piece by piece", () => {
  const stream = (name: string) => prepareStream("--addresses", join(folder, name));

  test("appears when it is finished, and not before", async () => {
    await writeFile(join(folder, "out"), "old");
    const file = stream("out");
    file.append("one\n");
    file.append("two é\n");
    expect(await readFile(join(folder, "out"), "utf8")).toBe("old");
    file.finish();
    expect(await readFile(join(folder, "out"), "utf8")).toBe("one\ntwo é\n");
    expect(await readdir(folder)).toEqual(["out"]);
  });

  test("is empty if nothing was added", async () => {
    stream("out").finish();
    expect(await readFile(join(folder, "out"), "utf8")).toBe("");
  });

  test("leaves nothing when it is discarded, whether begun or not", async () => {
    const file = stream("out");
    file.append("one\n");
    file.discard();
    stream("other").discard();
    expect(await readdir(folder)).toEqual([]);
  });

  test("may be no file but a pipe or a device, which gets the pieces and stays what it is", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const reader = promisify(execFile)("cat", [path]);
    const file = stream("pipe");
    file.append("one\n");
    file.append("two\n");
    file.finish();
    expect((await reader).stdout).toBe("one\ntwo\n");
    expect((await stat(path)).isFIFO()).toBe(true);
    expect(await readdir(folder)).toEqual(["pipe"]);
  });

  test("that cannot be written is refused at once", async () => {
    expect(() => stream("no/out")).toThrow('/no/out": there is no such folder');
  });
});

test("the mode of the file before stays, and a new one has the usual", async () => {
  await writeFile(join(folder, "secret.svg"), "old", { mode: 0o600 });
  await writeFile(join(folder, "shared.svg"), "old");
  await chmod(join(folder, "shared.svg"), 0o666);
  for (const name of ["secret.svg", "shared.svg", "new.svg"]) prepare(name).write("new");
  const mode = async (name: string) => (await stat(join(folder, name))).mode & 0o777;
  expect(await mode("secret.svg")).toBe(0o600);
  expect(await mode("shared.svg")).toBe(0o666);
  expect(await mode("new.svg")).toBe(0o666 & ~process.umask());
});

test("what lies by the name of the draft is not ours, and stays", async () => {
  await writeFile(join(folder, "precious"), "precious");
  await symlink("precious", join(folder, `out.svg.${process.pid}-1.tmp`));
  prepare("out.svg").write("new");
  expect(await readFile(join(folder, "precious"), "utf8")).toBe("precious");
  expect(await readFile(join(folder, "out.svg"), "utf8")).toBe("new");
});

describe("when the system fails in the middle", () => {
  const CALLS = ["openSync", "fchmodSync", "writeSync", "fsyncSync", "closeSync", "renameSync"] as const;
  const noSpace = () => Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });

  /** Makes one of the next calls of the file system fail, counted from 0. Returns whether it came to it, at the end. */
  function failAt(fatal: number): () => boolean {
    let calls = 0;
    for (const name of CALLS) {
      const real = fs[name] as (...of: unknown[]) => unknown;
      vi.spyOn(fs, name).mockImplementation(((...of: unknown[]) => {
        if (calls++ === fatal) throw noSpace();
        return real(...of);
      }) as never);
    }
    return () => calls > fatal;
  }
  afterEach(() => vi.restoreAllMocks());

  const WRITERS = {
    "a whole file": () => prepare("out.svg").write("new"),
    "a file in pieces": () => {
      const file = prepareStream("--output", join(folder, "out.svg"));
      for (const piece of ["n", "e", "w"]) file.append(piece);
      file.finish();
    },
  };

  test.each(Object.entries(WRITERS))("%s: the old one stays, whichever call it is", async (_, write) => {
    for (let fatal = 0; ; fatal++) {
      await writeFile(join(folder, "out.svg"), "old");
      beginFileUses(true);
      const hasFailed = failAt(fatal);
      let failure: unknown;
      try {
        write();
      } catch (error) {
        failure = error;
      }
      vi.restoreAllMocks();
      if (!hasFailed()) {
        // One call each, but as many writes as pieces.
        expect(fatal).toBeGreaterThanOrEqual(CALLS.length);
        expect(failure).toBeUndefined();
        return;
      }
      expect(failure).toBeInstanceOf(ZeropageError);
      expect((failure as Error).message).toContain("there is no space left on the device");
      expect(await readdir(folder)).toEqual(["out.svg"]);
      expect(await readFile(join(folder, "out.svg"), "utf8")).toBe("old");
    }
  });
});
