import { describe, expect, it } from "vitest";
import { readTrace } from "../../src/trace/read.js";
import { writeTrace } from "../../src/trace/write.js";

const TEXT = "a 0 8\nc 1 3 4\nw 1 0 12\nf 1\nf 0\n";

const compressed = (text: string) => new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));

async function roundTrip(source: Parameters<typeof readTrace>[0]): Promise<string> {
  let text = "";
  for await (const bytes of writeTrace(await readTrace(source))) text += new TextDecoder().decode(bytes);
  return text;
}

// In Node and in a browser, whose streams are not the same.
describe("on this host, a trace", () => {
  it("is read from a stream, gzipped or not", async () => {
    expect(await roundTrip(new Blob([TEXT]).stream())).toBe(TEXT);
    expect(await roundTrip(compressed(TEXT))).toBe(TEXT);
  });

  it("that is gzipped and long is read to its end", async () => {
    const long = TEXT.repeat(100_000);
    expect((await roundTrip(compressed(long))) === long).toBe(true);
  });

  it("that is gzipped and cut short or corrupt is refused", async () => {
    const bytes = new Uint8Array(await new Response(compressed(TEXT)).arrayBuffer());
    const corrupt = bytes.slice();
    corrupt[12] = (corrupt[12] as number) ^ 0xff;
    await expect(roundTrip(bytes.slice(0, -3))).rejects.toThrow("the gzip data is cut short or corrupt");
    await expect(roundTrip(corrupt)).rejects.toThrow("the gzip data is cut short or corrupt");
  });

  it("that zstd packed is read", async () => {
    const block = new TextEncoder().encode(TEXT);
    // A frame that says its size, and has one block as it is.
    const frame = Uint8Array.of(
      0x28,
      0xb5,
      0x2f,
      0xfd,
      0x20,
      block.length,
      (block.length << 3) | 1,
      0,
      0,
      ...block,
    );
    expect(block.length).toBeLessThan(32);
    expect(await roundTrip(frame)).toBe(TEXT);
  });

  it("of several gzip members is read, or refused with the reason", async () => {
    const member = new Uint8Array(await new Response(compressed(TEXT)).arrayBuffer());
    const both = new Uint8Array([...member, ...member]);
    const result = await roundTrip(both).catch((error: Error) => error.message);
    expect(result === TEXT + TEXT || result.includes("has several members")).toBe(true);
  });

  it("that is left early ends its source", async () => {
    let cancelled = false;
    const bytes = new TextEncoder().encode(TEXT.repeat(10_000));
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const _ of await readTrace(stream)) break;
    expect(cancelled).toBe(true);
  });
});
