import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { decompressed } from "../../src/trace/decompress.js";
import { Random } from "../random.js";
import { byteByByte, bytesOf, cutAt, fileBytes } from "./helpers.js";

/** What README.md in this folder says of the frames. */
const CONTENT = {
  bytes: 1_819_067,
  sha256: "62aa8ceb301398a0b9e28ffc7dd11917c7098612f8488d031da64f903ae9364c",
};

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** A frame of one raw block, `text`, with flags and what stands between them and the block. */
const frame = (flags: number, header: readonly number[], text: string) => [
  ...MAGIC,
  flags,
  ...header,
  (text.length << 3) | 1,
  0,
  0,
  ...bytesOf(text),
];
const SINGLE = 0x20;
const CHECKED = 0x04;

async function contentOf(source: AsyncIterable<Uint8Array>) {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of decompressed(source)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

async function textOf(bytes: readonly number[]): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of decompressed(cutAt(Uint8Array.from(bytes)))) text += decoder.decode(chunk);
  return text;
}

const failureOf = (bytes: readonly number[]) =>
  textOf(bytes).then(
    () => undefined,
    (error: unknown) => error,
  );

describe("zstd", () => {
  it("is read in every form that blocks, literals and tables have, wherever chunks are cut", async () => {
    const bytes = await fileBytes("frames.zst");
    expect(await contentOf(cutAt(bytes))).toEqual(CONTENT);
    expect(await contentOf(byteByByte(bytes))).toEqual(CONTENT);
  });

  it("has frames after each other, and frames of other things that are skipped", async () => {
    const skipped = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    expect(await textOf([...frame(SINGLE, [3], "one"), ...skipped, ...frame(0, [0], "two")])).toBe("onetwo");
    // pzstd begins with such a one.
    expect(await textOf([0x50, ...skipped.slice(1), ...frame(SINGLE, [3], "abc")])).toBe("abc");
  });

  it("is held to its checksum", async () => {
    // Of "abc" the specification of xxHash gives 44bc2cf5ad770999.
    const checked = frame(SINGLE | CHECKED, [3], "abc");
    expect(await textOf([...checked, 0x99, 0x09, 0x77, 0xad])).toBe("abc");
    const wrong = [...checked, 0x99, 0x09, 0x77, 0xac];
    const error = await failureOf([...checked, 0x99, 0x09, 0x77, 0xad, ...wrong]);
    expect(String(error)).toContain(
      `the zstd data is cut short or corrupt (a checksum does not hold), at byte ${2 * wrong.length}`,
    );
  });

  it("is held to the size it says", async () => {
    expect(String(await failureOf(frame(SINGLE, [4], "abc")))).toContain("another size than it says");
  });

  it("that needs a dictionary or a large window is refused, with the remedy", async () => {
    expect(await failureOf(frame(SINGLE | 1, [7, 3], "abc"))).toMatchObject({
      message: "this zstd data was made with dictionary 7: unpack it first (zstd -dc -D DICTIONARY FILE)",
    });
    expect(await failureOf(frame(0, [(28 - 10) << 3], "abc"))).toMatchObject({
      message:
        "this zstd data has a window of 256 MiB, more than the 128 MiB that are kept: unpack it first (zstd -dc --long=31 FILE)",
    });
    expect(await textOf(frame(0, [(27 - 10) << 3], "abc"))).toBe("abc");
  });

  it("that something else follows is refused", async () => {
    const error = await failureOf([...frame(SINGLE, [3], "abc"), ...bytesOf("text")]);
    expect(String(error)).toContain("a frame begins with other bytes than it should");
  });

  it("that is cut short is refused, wherever that is", async () => {
    const whole = frame(SINGLE, [3], "abc");
    for (let length = 4; length < whole.length; length++) {
      expect(await failureOf(whole.slice(0, length)), `${length} bytes`).toBeInstanceOf(TraceError);
    }
  });

  it("that is corrupt is read, or refused with a TraceError, and takes no more memory", async () => {
    const bytes = await fileBytes("frames.zst");
    const seed = 2026;
    const random = new Random(seed);
    for (let run = 0; run < 60; run++) {
      const broken = bytes.slice(0, 1 + random.below(bytes.length));
      for (let flips = 1 + random.below(3); flips > 0; flips--) {
        const at = 4 + random.below(broken.length);
        if (at < broken.length) broken[at] = random.below(256);
      }
      const error = await contentOf(cutAt(broken)).then(
        () => undefined,
        (failure: unknown) => failure,
      );
      if (error !== undefined) expect(error, `seed ${seed}, run ${run}`).toBeInstanceOf(TraceError);
    }
  });

  it("that is a bomb is read in pieces of a block each", async () => {
    // 4 bytes for each 128 KiB: 8 GiB in all, of which little is asked for.
    const block = [0x02, 0x00, 0x10, 0x61];
    const bomb = Uint8Array.from([...MAGIC, 0, 0x70, ...new Array(65_536).fill(block).flat()]);
    let read = 0;
    for await (const chunk of decompressed(cutAt(bomb))) {
      expect(chunk.length).toBe(131_072);
      if (++read === 500) break;
    }
    expect(read).toBe(500);
  });
});
