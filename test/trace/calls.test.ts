import { describe, expect, it } from "vitest";
import { CallEncoder, UNSAID } from "../../src/trace/calls.js";
import { CHUNK_RECORDS, TraceEncoder } from "../../src/trace/encode.js";
import type { TraceNotes } from "../../src/trace/trace.js";
import { operationsOf } from "./helpers.js";

const NO_THREADS = "this log does not record which thread calls";

/** What comes of some calls. */
function recorded(call: (calls: CallEncoder) => void, process?: number) {
  const encoder = new TraceEncoder();
  const notes: TraceNotes = { format: "test", losses: [] };
  const calls = new CallEncoder(encoder, notes, process);
  call(calls);
  calls.finish();
  encoder.note(notes);
  const losses = notes.losses.filter((loss) => loss !== NO_THREADS);
  return { operations: operationsOf({ ...encoder.take(), notes }), notes: losses, all: notes.losses };
}

describe("calls of an allocator", () => {
  it("become operations", () => {
    const { operations, notes } = recorded((calls) => {
      calls.malloc(0x10, 8);
      calls.calloc(0x20, 3, 4);
      calls.aligned(0x30, 64, 100);
      calls.realloc(0x10, 9, 0x40);
      calls.realloc(0x40, 7, 0x40);
      calls.realloc(0, 5, 0x10);
      calls.free(0x20);
    });
    expect(operations).toEqual(["a 0 8", "c 1 3 4", "m 2 64 100", "r 0 9", "r 0 7", "a 3 5", "f 1"]);
    expect(notes).toEqual([]);
  });

  it("may fail, which changes nothing and is noted", () => {
    const { operations, notes } = recorded((calls) => {
      calls.malloc(0x10, 8);
      calls.malloc(0, 8);
      calls.calloc(0, 2 ** 60, 2 ** 60);
      calls.realloc(0x10, 2 ** 50, 0);
      calls.realloc(0, 2 ** 50, 0);
      calls.free(0x10);
    });
    expect(operations).toEqual(["a 0 8", "f 0"]);
    expect(notes).toEqual(["left out: allocations that failed (4)"]);
  });

  it("may be of what is not known, which is left out or assumed, and noted", () => {
    const { operations, notes } = recorded((calls) => {
      calls.free(0);
      calls.free(0x99);
      calls.realloc(0x99, 7, 0x10); // from before the log
      calls.malloc(UNSAID, 8);
      calls.malloc(0x20, UNSAID);
      calls.malloc(0x10, 9); // a free is not in the log
      calls.malloc(0x20, 3);
      calls.realloc(0x20, 30, 0x10); // nor is that of 0x10
    });
    expect(operations).toEqual(["a 0 7", "f 0", "a 0 9", "a 1 3", "f 0", "r 1 30"]);
    expect(notes).toEqual([
      "left out: allocations whose result the log does not give (1)",
      "left out: allocations whose size the log does not give (1)",
      "left out: free(NULL) (1)",
      "left out: frees of addresses that the log does not allocate (1)",
      "read as malloc: reallocs of addresses that the log does not allocate (1)",
      "assumed freed: objects whose address is allocated again while they are live (2)",
    ]);
  });

  it("of realloc to no bytes are free where they return NULL", () => {
    const { operations } = recorded((calls) => {
      calls.malloc(0x10, 8);
      calls.realloc(0x10, 0, 0x10);
      calls.realloc(0x10, 0, 0);
    });
    expect(operations).toEqual(["a 0 8", "r 0 0", "f 0"]);
  });

  it("of valloc and pvalloc are on pages, which is noted", () => {
    const { operations, notes } = recorded((calls) => {
      calls.pageAligned(0x1000, 5);
      calls.pageAligned(0x2000, 5, true);
      calls.pageAligned(0x3000, 4097, true);
      calls.aligned(0x4000, 48, 1);
    });
    expect(operations).toEqual(["m 0 4096 5", "m 1 4096 4096", "m 2 4096 8192", "m 3 64 1"]);
    expect(notes).toEqual(["assumed: pages of 4,096 bytes for valloc and pvalloc (3)"]);
  });

  it("have threads, numbered as they first call, and never the same again after their end", () => {
    const { operations } = recorded((calls) => {
      calls.by(7, 700);
      calls.malloc(0x10, 1);
      calls.by(7, 300);
      calls.free(0x99); // not a call that the trace has
      calls.by(7, 700);
      calls.malloc(0x20, 2);
      calls.by(7, 500);
      calls.free(0x10);
      calls.exit(7, 500);
      calls.exit(7, 12345);
      calls.malloc(0x30, 3); // another thread with the number of the one that ended
      calls.by(7, 700);
      calls.free(0x20);
    });
    expect(operations).toEqual(["a 0 1", "a 1 2", "t 2", "f 0", "x 2", "t 3", "a 0 3", "t 1", "f 1"]);
  });

  it("may be of a log that tells no threads, which is noted", () => {
    expect(recorded((calls) => calls.malloc(0x10, 1)).all).toEqual([NO_THREADS]);
    const { all } = recorded((calls) => {
      calls.by(UNSAID, 5);
      calls.malloc(0x10, 1);
    });
    expect(all).toEqual([]);
  });

  it("have times from the first on, which never go back", () => {
    const { operations, notes } = recorded((calls) => {
      calls.time(1_700_000_000, 999_999_000);
      calls.malloc(0x10, 1);
      calls.time(1_700_000_001, 500);
      calls.malloc(0x20, 2);
      calls.time(1_700_000_001, 400);
      calls.malloc(0x30, 3);
      calls.time(Number.MAX_VALUE);
      calls.malloc(0x40, 4);
    });
    expect(operations).toEqual(["a 0 1", "@ 1500", "a 1 2", "a 2 3", "a 3 4"]);
    expect(notes).toEqual(["left out: times that go back (2)"]);
  });

  it("have sites, each that of the next call", () => {
    const { operations } = recorded((calls) => {
      calls.site(" main; ;pa\u0000rse ");
      calls.malloc(0x10, 1);
      calls.malloc(0x20, 2);
      calls.site("lost with a call that failed");
      calls.malloc(0, 2);
      calls.malloc(0x30, 2);
      calls.site("");
      calls.free(0x10);
    });
    expect(operations).toEqual(["s main;pa\\u{0}rse", "a 0 1", "s unknown", "a 1 2", "a 2 2", "f 0"]);
  });

  it("have more sites than a trace can name", () => {
    const encoder = new TraceEncoder();
    const notes: TraceNotes = { format: "test", losses: [] };
    const calls = new CallEncoder(encoder, notes);
    for (let n = 0; n < 65_600; n++) {
      calls.site(`site ${n}`);
      calls.malloc(8 * n + 8, 1);
      if (encoder.full) encoder.take();
    }
    calls.finish();
    expect(notes.losses[0]).toBe("left out: sites beyond the most that a trace has (65)");
  });

  it("of one process are read", () => {
    const several = (calls: CallEncoder) => {
      for (const process of [5, 6, 6, 7]) {
        calls.by(process, process);
        calls.malloc(0x10 * process, process);
      }
      calls.by(8, 8);
      calls.free(0x10);
    };
    expect(() => recorded(several)).toThrow(
      "this trace has several processes: 6 (2 calls), 5 (1 call) and 7 (1 call). Choose one, as by --process 6; in the library by the option process",
    );
    expect(() => recorded(several, 9)).toThrow("there is no process 9 in this trace: there are 6 (2 calls),");
    const { operations, notes } = recorded(several, 7);
    expect(operations).toEqual(["a 0 7"]);
    expect(notes).toEqual(["left out: calls of other processes (4)"]);
    expect(() => recorded((calls) => calls.malloc(0x10, 1), 9)).toThrow("leave out --process");
  });

  it("of processes that allocate nothing are left out", () => {
    const { notes } = recorded((calls) => {
      calls.by(1, 1);
      calls.malloc(0x10, 1);
      calls.by(2, 2);
      calls.free(0x10);
    });
    expect(notes).toEqual(["left out: calls of other processes (1)"]);
  });

  it("end where the process goes on as another program", () => {
    const { operations, notes } = recorded((calls) => {
      calls.by(1, 1);
      calls.exec(1);
      calls.malloc(0x10, 1);
      calls.exec(2);
      calls.exec(1);
      calls.malloc(0x20, 1);
      calls.free(0x10);
    });
    expect(operations).toEqual(["a 0 1"]);
    expect(notes).toEqual(["left out: calls of the program that the process went on as (2)"]);
  });

  it("fill chunks without a call cut", () => {
    const encoder = new TraceEncoder();
    const calls = new CallEncoder(encoder, { format: "test", losses: [] });
    for (let n = 0; n < 3 * CHUNK_RECORDS; n++) {
      calls.by(1, n % 3);
      calls.time(0, n);
      calls.site(`site ${n % 5}`);
      calls.malloc(0x10, n);
      if (encoder.full) expect(encoder.take().count).toBeLessThanOrEqual(CHUNK_RECORDS);
    }
  });
});
