import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UsageError } from "../../src/base/errors.js";
import { openSource } from "../../src/cli/source.js";
import { streamOf } from "./fakes.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const nothing = () => streamOf([]);

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test("a file is read from its start each time", async () => {
  const file = join(folder, "trace.txt");
  await writeFile(file, "a 1 2\n");
  const source = await openSource(file, nothing(), 2);
  expect(source.name).toBe(file);
  expect(await textOf(source.open())).toBe("a 1 2\n");
  expect(await textOf(source.open())).toBe("a 1 2\n");
  await source.close();
});

test("stdin is read no further than asked, and let go of", async () => {
  const log: string[] = [];
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        log.push("read");
        yield new Uint8Array(1);
      }
    } finally {
      log.push("let go");
    }
  }
  for (const times of [1, 3]) {
    const source = await openSource("-", endless(), times);
    expect(source.name).toBe("stdin");
    for await (const _ of source.open()) break;
    await source.close();
    expect(log.splice(0)).toEqual(["read", "let go"]);
  }
});

test("stdin is read more than once through a file that nobody can find", async () => {
  vi.stubEnv("TMPDIR", folder);
  const source = await openSource("-", streamOf(["one ", "two"]), 3);
  expect(await readdir(folder)).toEqual([]);
  for (const _ of [1, 2, 3]) expect(await textOf(source.open())).toBe("one two");
  await source.close();
});

test("a reading that is given up does not stop the next", async () => {
  const source = await openSource("-", streamOf(["one ", "two"]), 2);
  for await (const _ of source.open()) break;
  expect(await textOf(source.open())).toBe("one two");
  await source.close();
});

test("a stream that fails, fails", async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    throw new Error("the pipe broke");
  }
  const source = await openSource("-", failing(), 2);
  await expect(textOf(source.open())).rejects.toThrow("the pipe broke");
  await source.close();
});

test("what cannot be read is refused at once, and named", async () => {
  const missing = join(folder, "none.txt");
  await expect(openSource(missing, nothing(), 1)).rejects.toThrow(UsageError);
  await expect(openSource(missing, nothing(), 1)).rejects.toThrow(
    `cannot read trace "${missing}": there is no such file`,
  );
  await expect(openSource(folder, nothing(), 1)).rejects.toThrow("it is a folder");
});
