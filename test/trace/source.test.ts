import { describe, expect, it } from "vitest";
import { chunksOf, PeekedSource, type TraceSource } from "../../src/trace/source.js";
import { byteByByte, bytesOf, cutAt } from "./helpers.js";

async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of source) text += new TextDecoder().decode(chunk);
  return text;
}

function streamOf(onCancel: () => void, ...chunks: unknown[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      if (chunks.length > 0) controller.enqueue(chunks.shift() as Uint8Array);
      else controller.close();
    },
    cancel: onCancel,
  });
}

describe("a source", () => {
  it("may be a string, bytes, an iterable or a stream", async () => {
    const bytes = bytesOf("some ü");
    const nothing = () => {};
    expect(await textOf(chunksOf("some ü"))).toBe("some ü");
    expect(await textOf(chunksOf(bytes))).toBe("some ü");
    expect(await textOf(chunksOf(Buffer.from(bytes)))).toBe("some ü");
    expect(await textOf(chunksOf(cutAt(bytes, 3)))).toBe("some ü");
    expect(await textOf(chunksOf(streamOf(nothing, bytes.slice(0, 2), bytes.slice(2))))).toBe("some ü");
    expect(await textOf(chunksOf(new Blob(["some ü"]).stream()))).toBe("some ü");
  });

  it("must give bytes", async () => {
    const strings = streamOf(() => {}, "text");
    await expect(textOf(chunksOf(strings))).rejects.toThrow(
      "the source must give bytes (Uint8Array), not values of type string",
    );
    const numbers = (async function* () {
      yield 5;
    })() as unknown as TraceSource;
    await expect(textOf(chunksOf(numbers))).rejects.toThrow("not values of type number");
    await expect(textOf(chunksOf(new DataView(new ArrayBuffer(1)) as never))).rejects.toThrow(
      "not values of type object",
    );
  });

  it("that is a stream is cancelled when left early, and free again afterwards", async () => {
    let cancelled = 0;
    const left = streamOf(() => cancelled++, bytesOf("a"), bytesOf("b"));
    for await (const _ of chunksOf(left)) break;
    expect([cancelled, left.locked]).toEqual([1, false]);
    const ended = streamOf(() => cancelled++, bytesOf("a"));
    await textOf(chunksOf(ended));
    expect([cancelled, ended.locked]).toEqual([1, false]);
  });
});

describe("a source that was looked at", () => {
  it("still gives everything, and its head is as long as asked for", async () => {
    for (const length of [0, 1, 3, 4, 5, 100]) {
      for (const source of [cutAt(bytesOf("abcdefg"), 4), byteByByte(bytesOf("abcdefg"))]) {
        const peeked = await PeekedSource.open(source, length);
        expect(new TextDecoder().decode(peeked.head)).toBe("abcdefg".slice(0, length));
        expect(await textOf(peeked)).toBe("abcdefg");
      }
    }
  });

  it("is ended with the first, also before it was read", async () => {
    let ended = false;
    async function* source() {
      try {
        yield bytesOf("abc");
        yield bytesOf("def");
      } finally {
        ended = true;
      }
    }
    const peeked = await PeekedSource.open(source(), 2);
    await peeked.return();
    expect(ended).toBe(true);
    expect(await textOf(peeked)).toBe("");
  });
});
