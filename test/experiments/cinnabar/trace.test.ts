/** The program of git-cinnabar is the one whose figures were measured. */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { liveBytes } from "../../../src/experiments/cinnabar/live.js";
import { cinnabarTrace } from "../../../src/experiments/cinnabar/trace.js";
import { cinnabarWorkload, workloadWithout } from "../../../src/experiments/cinnabar/workload.js";
import { CINNABAR_CHANGES, type CinnabarChange } from "../../../src/results/cinnabar.js";
import { readTrace } from "../../../src/trace/read.js";
import { OpKind, TraceRecords } from "../../../src/trace/records.js";
import type { Trace } from "../../../src/trace/trace.js";
import { writeTrace } from "../../../src/trace/write.js";

async function textOf(trace: Trace): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of writeTrace(trace)) text += decoder.decode(part);
  return text;
}

it("is to the byte what the published generator makes, which has comments for marks", async () => {
  const text = await textOf(cinnabarTrace(cinnabarWorkload));
  const published = text.replace(/^p phase (\d)$/gm, (_, phase) => `# phase${Number(phase) + 1}`);
  expect(published.length).toBe(3_548_928);
  expect(createHash("md5").update(published).digest("hex")).toBe("a5d3c7a92abbbda7b62eb613ba1c707c");
});

it("can be read twice, and with another seed is another", async () => {
  const small = { ...cinnabarWorkload, objects: 1000, manifests: 3 };
  const trace = cinnabarTrace(small);
  const text = await textOf(trace);
  expect(await textOf(trace)).toBe(text);
  expect(await textOf(cinnabarTrace({ ...small, seed: 2 }))).not.toBe(text);
});

/** Operations, middling objects among them, and the largest block. */
async function shapeOf(without: CinnabarChange) {
  let [operations, middling, first] = [0, 0, 0];
  for await (const { records, count } of cinnabarTrace(workloadWithout(cinnabarWorkload, without))) {
    const read = new TraceRecords(records);
    for (let i = 0; i < count; i++) {
      const { kind, first: bytes } = read.read(i);
      if (operations++ === 0) first = bytes;
      if (kind === OpKind.malloc && bytes > 512 && bytes < 3176) middling++;
    }
  }
  return { operations, middling, first };
}

it.each(CINNABAR_CHANGES)("leaves out what it is told: %s", async (without) => {
  const [whole, left] = [await shapeOf("nothing"), await shapeOf(without)];
  expect(whole).toEqual({ operations: 352_018, middling: 12_400, first: 2 ** 20 });
  const expected = {
    nothing: whole,
    "middling objects": { ...whole, operations: 339_272, middling: 6000 },
    "growth of buffers": { ...whole, operations: 352_504 },
    "warm-up": { ...whole, operations: 352_016, first: left.first },
  };
  expect(left).toEqual(expected[without]);
});

it("has as many bytes live as were asked for and not freed", async () => {
  const trace = await readTrace("a 0 10\nc 1 2 8\np here\nr 0 100\nf 1\nr 0 0\n");
  expect(await liveBytes(trace, [1, 2, 3, 3, 4, 5, 6])).toEqual([10, 26, 26, 26, 116, 100, 0]);
});
