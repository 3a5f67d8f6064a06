/** Files as the recorder writes them, made by hand, whole and damaged. */
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TraceError } from "../../../src/base/errors.js";
import { readImages } from "../../../src/record/native/images.js";
import { countOperations, RecordedKind, readHeader } from "../../../src/record/native/record-file.js";
import { RecordedTrace, type RecordedTraceOptions } from "../../../src/record/native/recorded-trace.js";
import { collectTrace } from "../../../src/trace/collect.js";
import { Random } from "../../random.js";
import { operationsOf } from "../../trace/helpers.js";
import { Workshop } from "./helpers.js";
import { HEADER_BYTES, type Made, recordedFile } from "./made-file.js";

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

const PLAIN: RecordedTraceOptions = { timesEvery: 1_000_000, touches: false };
const { Malloc, Calloc, Aligned, ReallocBegins, Realloc, Free, Exit, Write, Trim } = RecordedKind;

/** The trace of a file with some records, and what is noted. */
async function traceOf(made: Made, options = PLAIN): Promise<{ lines: string[]; notes: string[] }> {
  const folder = await Workshop.open();
  try {
    await writeFile(folder.path("7.0.records"), recordedFile(made));
    const { images } = await readImages(folder.folder);
    const [image] = images;
    if (!image) throw new Error("there is no image");
    const trace = await collectTrace(new RecordedTrace(image, options));
    return { lines: operationsOf(trace), notes: trace.notes.losses };
  } finally {
    await folder.close();
  }
}

const call = (kind: RecordedKind, address: number, first = 0, second = 0, more = {}) => ({
  ...{ kind, address, first, second, ...more },
});

describe("a file of the recorder", () => {
  it("gives a trace of what the calls did", async () => {
    const { lines, notes } = await traceOf({
      records: [
        ...[call(Malloc, 0x1000, 10), call(Calloc, 0x2000, 3, 4), call(Aligned, 0x3000, 5, 48)],
        ...[call(ReallocBegins, 0x1000, 20), call(Realloc, 0x4000, 20, 0x1000)],
        ...[call(Free, 0x2000), call(Trim, 0, 7), call(Malloc, 0, 2 ** 62)],
      ],
    });
    expect(lines).toEqual(["a 0 10", "c 1 3 4", "m 2 64 5", "r 0 20", "f 1", "k 7"]);
    expect(notes).toEqual(["left out: allocations that failed (1)"]);
  });

  it("lets another thread have the address that a realloc is about to leave", async () => {
    const { lines } = await traceOf({
      records: [
        ...[call(Malloc, 0x1000, 10), call(ReallocBegins, 0x1000, 20)],
        ...[call(Malloc, 0x1000, 30, 0, { thread: 2 }), call(Realloc, 0x2000, 20, 0x1000)],
        ...[call(Free, 0x1000, 0, 0, { thread: 2 }), call(Free, 0x2000)],
      ],
    });
    expect(lines).toEqual(["a 0 10", "t 2", "a 1 30", "t 1", "r 0 20", "t 2", "f 1", "t 1", "f 0"]);
  });

  it("keeps a block whose realloc failed, and frees one of no bytes", async () => {
    const { lines, notes } = await traceOf({
      records: [
        ...[
          call(Malloc, 0x1000, 10),
          call(ReallocBegins, 0x1000, 2 ** 60),
          call(Realloc, 0, 2 ** 60, 0x1000),
        ],
        ...[call(ReallocBegins, 0x1000, 0), call(Realloc, 0, 0, 0x1000)],
      ],
    });
    expect(lines).toEqual(["a 0 10", "f 0"]);
    expect(notes).toEqual(["left out: allocations that failed (1)"]);
  });

  it("says what was there before it, and what it did not see", async () => {
    const { lines, notes } = await traceOf({
      records: [
        ...[call(Free, 0x9000), call(ReallocBegins, 0x8000, 5), call(Realloc, 0x8100, 5, 0x8000)],
        ...[call(Malloc, 0x1000, 1), call(Malloc, 0x1000, 2)],
      ],
    });
    expect(lines).toEqual(["a 0 5", "a 1 1", "f 1", "a 1 2"]);
    expect(notes).toEqual([
      "left out: frees of blocks that were there before the recorder (1)",
      "read as malloc: reallocs of blocks that were there before the recorder (1)",
      "freed by the program in a way that is not recorded: blocks whose address came up again (1)",
    ]);
  });

  it("gives what a thread does after its end to another thread", async () => {
    const thread = { thread: 9 };
    const { lines } = await traceOf({
      records: [
        call(Malloc, 0x1000, 1, 0, thread),
        call(Exit, 0, 0, 0, thread),
        call(Free, 0x1000, 0, 0, thread),
      ],
    });
    expect(lines).toEqual(["t 2", "a 0 1", "x 2", "t 3", "f 0"]);
  });

  it("has times that are as far apart as is asked, and do not go back", async () => {
    const records = [0, 900, 1000, 1500, 1400, 2100].map((time, i) =>
      call(Malloc, 4096 * (i + 1), 1, 0, { time: 500 + time }),
    );
    const times = async (timesEvery: number) =>
      (await traceOf({ records }, { ...PLAIN, timesEvery })).lines.filter((line) => line.startsWith("@"));
    expect(await times(1000)).toEqual(["@ 1000", "@ 2100"]);
    expect(await times(0)).toEqual(["@ 900", "@ 1000", "@ 1500", "@ 2100"]);
  });

  it("counts small blocks as written, and large ones as they were touched, at the site that asked for them", async () => {
    const records = [
      ...[call(Malloc, 0x1000, 4095, 0, { site: 1 }), call(Malloc, 0x10000, 8192, 0, { site: 2 })],
      ...[call(Write, 0x10000, 4096, 4096), call(Write, 0x20000, 0, 1)],
    ];
    const { lines } = await traceOf(
      { records },
      { ...PLAIN, touches: true, sites: [undefined, "main", "main;big"] },
    );
    expect(lines).toEqual(["s main", "a 0 4095", "w 0 0 4095", "s main;big", "a 1 8192", "w 1 4096 4096"]);
  });

  it("leaves out records that were begun and not written", async () => {
    const { lines } = await traceOf({
      records: [call(Malloc, 0x1000, 1), call(RecordedKind.Nothing, 0), call(Free, 0x1000)],
    });
    expect(lines).toEqual(["a 0 1", "f 0"]);
  });

  it("has what is there of it when it is cut short, at every byte", async () => {
    const records = [call(Malloc, 0x1000, 1), call(Free, 0x1000)];
    for (let bytes = HEADER_BYTES; bytes <= HEADER_BYTES + 80; bytes++) {
      const { lines } = await traceOf({ records, bytes });
      expect(lines, `${bytes} bytes`).toEqual(
        ["a 0 1", "f 0"].slice(0, Math.floor((bytes - HEADER_BYTES) / 40)),
      );
    }
  });

  it("is refused with the reason, and the byte, where it is damaged", async () => {
    const path = workshop.path("9.0.records");
    const errorOf = async (made: Made): Promise<string> => {
      await writeFile(path, recordedFile(made));
      return readHeader(path).then(
        () => "none",
        (error) => (error instanceof TraceError ? error.message : String(error)),
      );
    };
    const records = [call(Malloc, 0x1000, 1)];
    expect(await errorOf({ records, bytes: 100 })).toBe("the record is cut short: it ends at byte 100");
    expect(await errorOf({ records, bytes: 0 })).toBe(
      "it is empty, as there was no room for it: set TMPDIR to a folder with more room",
    );
    expect(await errorOf({ records, magic: 0n })).toBe(
      "this is no file of the recorder, or it was not begun",
    );
    expect(await errorOf({ records, recordBytes: 48 })).toBe("byte 8: records have 48 bytes, not 40");
    const bad = traceOf({ records: [call(Malloc, 0x1000, 1), call(77 as RecordedKind, 0)] });
    await expect(bad).rejects.toThrow(
      new TraceError("byte 65576: there is no record of kind 77: the file is damaged"),
    );
  });

  it("never gives anything but a trace or a typed error, whatever its records are", async () => {
    const seed = 0x18;
    const random = new Random(seed);
    for (let round = 0; round < 100; round++) {
      const records = Array.from({ length: 30 }, () =>
        call(
          random.below(12) as RecordedKind,
          0x1000 * random.below(4),
          random.below(3) * 4096,
          random.below(3) * 100,
          { thread: random.below(4), time: random.below(1000) },
        ),
      );
      const done = await traceOf({ records }, { ...PLAIN, touches: true }).catch((error) => error);
      if (done instanceof Error) expect(done, `seed ${seed}, round ${round}`).toBeInstanceOf(TraceError);
    }
  });
});

describe("a folder of such files", () => {
  it("has the programs in their order, with what each goes on from, and says which cannot be read", async () => {
    const folder = await Workshop.open();
    const write = (name: string, made: Partial<Made>) =>
      writeFile(folder.path(name), recordedFile({ records: [call(Malloc, 0x1000, 1)], ...made }));
    await write("8.0.records", {
      process: 8,
      started: 20,
      parent: { process: 7, image: 0, records: 1, sites: 0 },
    });
    await write("7.0.records", { process: 7, started: 10, command: ["/bin/first", "-x"] });
    await write("7.1.records", { process: 7, image: 1, started: 30, command: ["second"] });
    await write("6.0.records", { magic: 5n });
    const { images, damaged } = await readImages(folder.folder);
    await folder.close();
    expect(images.map(({ name, parts, becameAnother }) => [name, parts.length, becameAnother])).toEqual([
      ["first", 1, true],
      ["program", 2, false],
      ["second", 1, false],
    ]);
    expect(damaged).toEqual([
      "left out: a process whose record cannot be read: this is no file of the recorder, or it was not begun",
    ]);
  });

  it("ends where a file's parents are a circle", async () => {
    const folder = await Workshop.open();
    const parent = { process: 7, image: 0, records: 1, sites: 0 };
    await writeFile(folder.path("7.0.records"), recordedFile({ records: [], parent }));
    const { images } = await readImages(folder.folder);
    await folder.close();
    expect(images[0]?.parts.length).toBe(1);
  });

  it("counts what was asked, without looking at more", async () => {
    const path = workshop.path("5.0.records");
    const records = [
      call(Malloc, 0x1000, 1),
      call(ReallocBegins, 0x1000),
      call(Realloc, 0x1000, 5),
      call(Exit, 0),
      call(Write, 0x1000),
    ];
    await writeFile(path, recordedFile({ records }));
    expect(await countOperations(path, records.length)).toBe(2);
  });
});
