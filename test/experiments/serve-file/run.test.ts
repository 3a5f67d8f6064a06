import { describe, expect, it } from "vitest";
import { runServeFile } from "../../../src/experiments/serve-file/run.js";
import { serveFileSheet } from "../../../src/experiments/serve-file/sheet.js";
import { SERVE_WAYS } from "../../../src/results/serve-file.js";

/** Whole huge pages, so that the mapping begins with a window of 16 pages. */
const SIZE = 2 ** 21;
const BUFFER = 65536;
const served = (way: (typeof SERVE_WAYS)[number]) =>
  runServeFile({ model: "naive", options: { check: true }, way, size: SIZE, buffer: BUFFER });

describe("serving a file", () => {
  it("by read copies each byte twice, by way of a buffer that is faulted in once", async () => {
    const { first, again, resident, cachedBytes } = await served("read");
    expect(first).toEqual({ faults: 16, diskReadBytes: SIZE, copiedToUser: SIZE, copiedFromUser: SIZE });
    expect(again).toEqual({ faults: 0, diskReadBytes: 0, copiedToUser: SIZE, copiedFromUser: SIZE });
    expect(resident).toEqual({ anonymous: BUFFER, file: 0, shared: 0 });
    expect(cachedBytes).toBe(SIZE);
  });

  it("by mmap copies each byte once, and takes a fault for each 16 pages", async () => {
    const { first, again, resident, cachedBytes } = await served("mmap");
    expect(first).toEqual({ faults: 32, diskReadBytes: SIZE, copiedToUser: 0, copiedFromUser: SIZE });
    expect(again).toEqual({ faults: 0, diskReadBytes: 0, copiedToUser: 0, copiedFromUser: SIZE });
    expect(resident).toEqual({ anonymous: 0, file: SIZE, shared: 0 });
    expect(cachedBytes).toBe(SIZE);
  });

  it("by sendfile copies nothing, and has nothing resident", async () => {
    const { first, again, resident, cachedBytes } = await served("sendfile");
    expect(first).toEqual({ faults: 0, diskReadBytes: SIZE, copiedToUser: 0, copiedFromUser: 0 });
    expect(again).toEqual({ faults: 0, diskReadBytes: 0, copiedToUser: 0, copiedFromUser: 0 });
    expect(resident).toEqual({ anonymous: 0, file: 0, shared: 0 });
    expect(cachedBytes).toBe(SIZE);
  });

  it("says what that means", async () => {
    const results = await Promise.all(SERVE_WAYS.map(served));
    const { rows, sentences } = serveFileSheet({
      scenario: "serve-file",
      parameters: { size: SIZE, buffer: BUFFER },
      results,
    });
    expect(rows).toHaveLength(3);
    expect(sentences.join(" ")).toContain("sendfile: nothing is copied to the program");
  });

  it("needs a machine that has files", async () => {
    const run = { way: "read", size: SIZE, buffer: BUFFER } as const;
    await expect(runServeFile({ model: "glibc", ...run })).rejects.toThrow("has no files");
    await expect(runServeFile({ model: "naive", ...run, size: 0 })).rejects.toThrow(RangeError);
  });
});
