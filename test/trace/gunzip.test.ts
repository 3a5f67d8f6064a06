import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { decompressed } from "../../src/trace/decompress.js";
import { byteByByte, bytesOf, cutAt, fileBytes, gzip } from "./helpers.js";

async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of decompressed(source)) text += decoder.decode(chunk, { stream: true });
  return text;
}

const failureOf = (source: AsyncIterable<Uint8Array>) => textOf(source).catch((error: unknown) => error);

describe("decompression", () => {
  it("passes on what is not gzip", async () => {
    for (const text of ["", "a", "\x1f", "\x1fa", "plain text"]) {
      expect(await textOf(cutAt(bytesOf(text)))).toBe(text);
      expect(await textOf(byteByByte(bytesOf(text)))).toBe(text);
    }
  });

  it("decompresses gzip wherever a chunk is cut", async () => {
    const bytes = gzip("some text, some text");
    for (let offset = 0; offset <= bytes.length; offset++) {
      expect(await textOf(cutAt(bytes, offset)), `cut at ${offset}`).toBe("some text, some text");
    }
    expect(await textOf(byteByByte(bytes))).toBe("some text, some text");
    expect(await textOf(cutAt(gzip("")))).toBe("");
  });

  it("refuses data that is cut short, wherever that is", async () => {
    const bytes = gzip("some text, some text");
    for (let length = 2; length < bytes.length; length++) {
      const error = await failureOf(cutAt(bytes.slice(0, length)));
      expect(error, `${length} bytes`).toBeInstanceOf(TraceError);
      expect((error as TraceError).message).toMatch(
        /^the gzip data is cut short or corrupt \(.+\), in the first \d+ bytes$/,
      );
    }
  });

  it("refuses corrupt data", async () => {
    const bytes = gzip("some text, some text");
    bytes[14] = (bytes[14] as number) ^ 0xff;
    expect(await failureOf(cutAt(bytes))).toBeInstanceOf(TraceError);
    const checksum = gzip("some text, some text");
    checksum[checksum.length - 6] = (checksum[checksum.length - 6] as number) ^ 0xff;
    expect(await failureOf(cutAt(checksum))).toBeInstanceOf(TraceError);
  });

  it("reads several members, or says that this host cannot", async () => {
    const bytes = new Uint8Array([...gzip("one "), ...gzip("two")]);
    const result = await failureOf(cutAt(bytes));
    if (result instanceof TraceError) expect(result.message).toContain("has several members");
    else expect(result).toBe("one two");
  });

  it("passes on an error of the source as it is", async () => {
    const failure = new Error("the network is down");
    async function* source() {
      yield gzip("some text").subarray(0, 12);
      throw failure;
    }
    expect(await failureOf(source())).toBe(failure);
  });

  it("ends the source when it is left early", async () => {
    const bytes = await fileBytes("../../bench/traces/cc1.txt.gz");
    let given = 0;
    let ended = false;
    async function* source() {
      try {
        for (let at = 0; at < bytes.length; at += 1000, given++) yield bytes.slice(at, at + 1000);
      } finally {
        ended = true;
      }
    }
    for await (const _ of decompressed(source())) break;
    expect(ended).toBe(true);
    expect(given).toBeLessThan(100);
  });

  it("asks for no more of the source than the reader needs", async () => {
    const bytes = await fileBytes("../../bench/traces/cc1.txt.gz");
    let given = 0;
    async function* source() {
      for (let at = 0; at < bytes.length; at += 1000, given++) yield bytes.slice(at, at + 1000);
    }
    const reading = decompressed(source());
    await reading.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(given).toBeLessThan(200); // of 1,022: the streams' own buffers
    await reading.return();
  });
});
