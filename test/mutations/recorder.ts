/** Mutants of what records wasm modules: of the recorder, and of the rewriting, which tests run from its sources. */
import { type Area, mutantsIn } from "./mutants.js";

export const recorder: Area = {
  name: "recorder",
  modules: ["recorder", "clearing"],
  tests: ["test/record/record.test.ts", "test/record/told.test.ts", "test/record/module.shared.test.ts"],
  mutants: [
    ...mutantsIn("assembly", {
      "recorder.ts": [
        ["a call within a call is told", "if (--depth || stopped) return;", "--depth; if (stopped) return;"],
        [
          "the allocator's touches are the program's",
          "if (depth == 0 && bytes) note(EventKind.Write",
          "if (bytes) note(EventKind.Write",
        ],
        [
          "a block is touched as the one before it was",
          "  if (result) forgetTouches(",
          "  if (!result) forgetTouches(",
        ],
        ["a range goes on across calls", "  lastRead = lastWrite = 0;\n  if (timed)", "  if (timed)"],
        [
          "the last granule is not told",
          "(<u64>address + bytes - 1) >> GRANULE_SHIFT",
          "(<u64>address + bytes - 1 - GRANULE_BYTES) >> GRANULE_SHIFT",
        ],
        ["a line is known by any granule of it", "& wanted) == wanted) return;", "& wanted) != 0) return;"],
        [
          "reads and writes have one bit",
          "shadowOf(<u32>(granule >> 3)) + kind",
          "shadowOf(<u32>(granule >> 3))",
        ],
        [
          "what was zero is not counted",
          "load<u64>(STATE, NEEDLESS_AT) + zeroes",
          "load<u64>(STATE, NEEDLESS_AT)",
        ],
        ["a full log is written on", "  if (load<u32>(STATE, EVENTS_AT) == LOG_EVENTS) take();\n", ""],
      ],
    }),
    ...mutantsIn("src/record/module", {
      "ranges.ts": [
        [
          "what was told in part is not told",
          "told.low <= range.low && range.high <= told.high",
          "told.low <= range.high && range.low <= told.high",
        ],
        [
          "ranges with a gap between are one",
          "low <= range.high && range.low <= high;",
          "low <= range.high + 8 && range.low <= high + 8;",
        ],
      ],
      "gate.ts": [
        [
          "what is known stays known where a block is given out",
          "for (const told of [read, write]) code",
          "for (const told of [] as number[]) code",
        ],
        ["reads do not get known anew", "of [read, write]) code", "of [write]) code"],
        [
          "a range is known by its end",
          "code.byte(Op.LocalGet, address);\n  granule",
          "code.byte(Op.LocalGet, end);\n  granule",
        ],
        [
          "a range is below blocks by its beginning",
          "s32(-1);\n  code.byte(Op.I32Add, Op.LocalTee",
          "s32(-1);\n  code.byte(Op.Drop, Op.Drop, Op.LocalGet, address, Op.LocalTee",
        ],
      ],
      "rewrite-function.ts": [
        [
          "what is pending is told after its local is set",
          "if (opcode === Op.LocalSet || opcode === Op.LocalTee)",
          "if (opcode === Op.LocalSet)",
        ],
        [
          "what was told before a call is told",
          "if (CALLS.has(opcode) || BORDERS.has(opcode)) this.#forgetTold();",
          "if (CALLS.has(opcode)) this.#forgetTold();",
          "after a border every value has a new number, and nothing was told of it",
        ],
        [
          "copies read nothing",
          "if (instruction.opcode === Op.MemoryCopy) this",
          "if (instruction.opcode === Op.MemoryFill) this",
        ],
      ],
      "decode.ts": [
        ["blocks that lie under a new one stay", "      this.#end(old);\n", ""],
        ["touches go beyond their block", "Math.min(end - address, size)", "end - address"],
        ["an allocation that got nothing is one", "    if (result === 0) {\n", "    if (result < 0) {\n"],
      ],
      "idle.ts": [
        [
          "what was never written is given back",
          "if (this.#blocks[page] === 0 && this.#resident[page]) this.#pages++;",
          "if (this.#blocks[page] === 0) this.#pages++;",
        ],
      ],
    }),
  ],
};
