import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { decompressed } from "../../src/trace/decompress.js";
import { bytesOf, cutAt } from "./helpers.js";

async function failureOf(bytes: Uint8Array): Promise<unknown> {
  try {
    for await (const _ of decompressed(cutAt(bytes)));
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("a packed trace", () => {
  it.each([
    ["xz", "\xfd7zXZ\0"],
    ["bzip2", "BZh91AY&SY"],
    ["lz4", "\x04\x22\x4d\x18"],
    ["compress", "\x1f\x9d\x90"],
    ["zip", "PK\x03\x04"],
    ["7z", "7z\xbc\xaf\x27\x1c"],
  ])("of %s is named, with the command that unpacks it", async (name, head) => {
    const error = await failureOf(Uint8Array.from(`${head} and more`, (char) => char.charCodeAt(0)));
    expect(error).toBeInstanceOf(TraceError);
    expect((error as TraceError).message).toMatch(
      new RegExp(`^this is a file packed by ${name}: unpack it first \\(.+ \\| zeropage replay -\\)$`),
    );
  });

  it("is not seen in text that begins nearly so", async () => {
    for (const text of ["", "B", "BZ", "PK", "PK 1", "7z", "(\u00b5/"])
      expect(await failureOf(bytesOf(text))).toBe(undefined);
  });
});
