import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { HEAD_BYTES, headOf } from "../../src/trace/format.js";
import { traceFormats } from "../../src/trace/formats.js";
import { MAX_LINE_BYTES } from "../../src/trace/lines.js";
import { readTrace } from "../../src/trace/read.js";
import { Random } from "../random.js";
import { bytesOf, fileBytes, read } from "./helpers.js";

const names = (await readdir(fileURLToPath(new URL("./logs", import.meta.url)))).filter((name) =>
  /\.(log|txt|rep)$/.test(name),
);
const ROUNDS = 60;

/** Changes a few bytes, doubles, drops or moves a piece, or cuts the end off. */
function broken(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = random.below(bytes.length);
  const length = 1 + random.below(200);
  const piece = bytes.slice(at, at + length);
  const rest = (from: number) => bytes.subarray(Math.min(from, bytes.length));
  const join = (...parts: Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));
  switch (random.below(5)) {
    case 0: {
      const changed = bytes.slice();
      for (let n = random.below(8); n >= 0; n--) changed[random.below(bytes.length)] = random.below(256);
      return changed;
    }
    case 1:
      return join(bytes.subarray(0, at), piece, piece, rest(at + length));
    case 2:
      return join(bytes.subarray(0, at), rest(at + length));
    case 3: {
      const to = random.below(bytes.length);
      return join(bytes.subarray(0, to), piece, rest(to));
    }
    default:
      return bytes.slice(0, at);
  }
}

describe("a broken log", () => {
  it.each(names)("such as %s is read to its end, or refused with a TraceError", async (name) => {
    const whole = await fileBytes(`./logs/${name}`);
    const format = (await readTrace(whole)).notes.format as "text";
    const seed = 18;
    const random = new Random(seed);
    for (let round = 0; round < ROUNDS; round++) {
      let bytes = whole;
      for (let times = random.below(4); times >= 0; times--) bytes = broken(bytes, random);
      const outcome = await read(bytes, { format }).catch((error: unknown) => error);
      if (outcome instanceof Error)
        expect(outcome, `seed ${seed}, round ${round}`).toBeInstanceOf(TraceError);
    }
  });

  const PIECES = [
    ...[
      "(",
      "malloc(",
      "malloc(8)=",
      "malloc(8) = 0x10",
      "0x1 = ",
      "0x1 ",
      "free(",
      "free(0x10)",
      "operator new(",
      "x@y.",
    ],
    ...[
      "--1-- ",
      "--1",
      "@ ",
      "@ ./a:(b+1)[0x1] ",
      "+ 0x1 ",
      "[pid 1] ",
      "[pid 1",
      "1 ",
      "1:",
      "1.",
      "<... ",
      "<... a resumed> ",
    ],
    ...[
      "a ",
      "a 1 ",
      "f ",
      "lttng_ust_libc:malloc: ",
      "{ a = 1 }, ",
      '"',
      "\\",
      "| ",
      "[ 1] | ",
      "{",
      "}",
      "/",
      "+a",
      " ",
      "\t",
    ],
  ];

  it.each(PIECES)("of one line, as long as it may be, of %j is done with soon", async (piece) => {
    const line = piece.repeat(Math.ceil(MAX_LINE_BYTES / piece.length)).slice(0, MAX_LINE_BYTES - 1);
    const head = headOf(bytesOf(`${line}\n`.slice(0, HEAD_BYTES)));
    for (const format of traceFormats) {
      format.looksLike(head);
      format.remedy?.(head);
      const outcome = await read(line, { format: format.name }).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome, format.name).toBeInstanceOf(TraceError);
    }
  });
});
