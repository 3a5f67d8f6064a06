import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTrace } from "../../src/trace/read.js";
import { RECORD_BYTES, TraceRecords } from "../../src/trace/records.js";
import { formatOperation, writeTrace } from "../../src/trace/write.js";
import { fileBytes, operationsOf, read } from "./helpers.js";

const SIZE = fc.oneof(
  fc.nat(100),
  fc.maxSafeNat().map((n) => n % (2 ** 47 + 1)),
  fc.constant(2 ** 47),
);
const ID = fc.oneof(fc.nat(5), fc.maxSafeNat());
const CHOICE = fc.record({
  letter: fc.constantFrom("a", "c", "m", "r", "f", "w", "l", "t", "x", "k", "p", "@"),
  id: ID,
  pick: fc.nat(),
  first: SIZE,
  second: SIZE,
  blank: fc.constantFrom(" ", "\t", "   "),
  site: fc.constantFrom("", "main", "main;parse file;grow", "unknown"),
  end: fc.constantFrom("\n", "\r\n", " \n", "\n\n", "\n# comment ü\n"),
});
type Choice = typeof CHOICE extends fc.Arbitrary<infer T> ? T : never;

/**
 * Makes a trace that makes sense out of any choices. Returns it as a person might write it, and as it must come
 * back: with slots for ids, handed out last-in first-out.
 */
function traceOf(choices: readonly Choice[]): { text: string; expected: string[] } {
  const live = new Map<number, { slot: number; size: number }>();
  const free: number[] = [];
  let made = 0;
  let text = "";
  const expected: string[] = [];
  const ended = new Set<number>();
  const marks = new Set<string>();
  let running = 1;
  let time = 0;
  let current = "";
  /** An operation, and before it its site if that is another than the last one's. */
  const operation = (site: string, line: string, written: string) => {
    if (site !== "") text += `s ${site.replace(";", " ; ")}\n`;
    const named = site === "unknown" ? "" : site;
    if (named !== current) expected.push(`s ${named || "unknown"}`);
    current = named;
    expected.push(written);
    text += line;
  };
  for (const { letter, id, pick, first, second, blank, end, site } of choices) {
    if (letter === "t" || letter === "x") {
      const thread = 1 + (pick % 5);
      if (ended.has(thread)) continue;
      if (letter === "x") ended.add(thread);
      else running = thread;
      operation(site, letter + blank + thread + end, `${letter} ${thread}`);
      continue;
    }
    if (letter === "@") {
      time = Math.min(Number.MAX_SAFE_INTEGER, time + first);
      text += `@${blank}${time}${end}`;
      expected.push(`@ ${time}`);
      continue;
    }
    if (letter === "p") {
      const name = `${id}  ${first % 7}`;
      if (marks.has(name)) continue;
      marks.add(name);
      text += `p${blank}${name}${end}`;
      expected.push(`p ${name}`);
      continue;
    }
    if (ended.has(running)) continue;
    if (letter === "k") {
      operation(site, (first === 0 ? "k" : `k${blank}${first}`) + end, `k ${first}`);
      continue;
    }
    const allocates = "acm".includes(letter);
    if (allocates ? live.has(id) : live.size === 0) continue;
    const key = allocates ? id : ([...live.keys()][pick % live.size] as number);
    const object = live.get(key) ?? { slot: free.pop() ?? made++, size: 0 };
    live.set(key, object);
    const fields: number[] = [];
    if (letter === "c") fields.push(first, second);
    if (letter === "m") fields.push(2 ** (first % 48), second);
    if (letter === "a" || letter === "r") fields.push(second);
    if (allocates || letter === "r") object.size = letter === "c" ? first * second : second;
    if (letter === "w" || letter === "l") {
      const offset = Math.min(first, object.size);
      fields.push(offset, Math.min(second, object.size - offset));
    }
    if (letter === "f") {
      live.delete(key);
      free.push(object.slot);
    }
    const written = [letter, object.slot, ...fields].join(" ");
    operation(site, [letter, key, ...fields].join(blank) + end, written);
  }
  return { text, expected };
}

describe("writing a trace", () => {
  it("gives back any trace that was read, with slots for ids", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(CHOICE, { maxLength: 200 }), async (choices) => {
        const { text, expected } = traceOf(choices);
        const trace = await read(text);
        expect(operationsOf(trace)).toEqual(expected);
        const again = await read(writeTrace(await readTrace(text)));
        expect(again.records).toEqual(trace.records);
        expect(again.notes).toEqual(trace.notes);
      }),
      { numRuns: 300 },
    );
  });

  it.each(["git-log", "cc1"])("gives back %s byte by byte, as its ids are slots", async (name) => {
    const compressed = await fileBytes(`../../bench/traces/${name}.txt.gz`);
    const original = new Response(
      new Blob([compressed as BlobPart]).stream().pipeThrough(new DecompressionStream("gzip")),
    );
    const pieces: Uint8Array[] = [];
    for await (const piece of writeTrace(await readTrace(compressed))) pieces.push(piece);
    const written = Buffer.concat(pieces);
    expect(written.equals(Buffer.from(await original.arrayBuffer()))).toBe(true);
  });

  it("turns a log of valgrind into text that reads the same", async () => {
    const log = await fileBytes("./git-version.log");
    const trace = await read(log);
    const again = await read(writeTrace(await readTrace(log)));
    expect(again.records).toEqual(trace.records);
    expect(again.notes.format).toBe("text");
  });

  it("writes nothing for nothing", async () => {
    for await (const _ of writeTrace(await readTrace(""))) expect.fail("a chunk");
  });

  it("refuses a record of no kind", () => {
    const records = new TraceRecords(new Uint8Array(2 * RECORD_BYTES));
    records.write(1, 99, 0);
    expect(formatOperation(records, 0)).toBe("a 0 0");
    expect(() => formatOperation(records, 1)).toThrow("record 1 is of kind 99, which does not exist");
  });
});
