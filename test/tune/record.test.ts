/** What a search keeps of itself: it goes on where it was, and shards together come to what one machine does. */
import { describe, expect, it } from "vitest";
import { MergeError } from "../../src/compare/one-run.js";
import { RecordError, sealedText } from "../../src/compare/sealed.js";
import type { TuneFigures, TuneReport } from "../../src/results/tune.js";
import type { Candidate, Evaluation, NamedTrace } from "../../src/tune/evaluate.js";
import { mergeTunes } from "../../src/tune/merge.js";
import { emptyRecord, TuneLog, type TuneRecord, traceInfo } from "../../src/tune/record.js";
import { parseTuneRecord } from "../../src/tune/record-shape.js";
import { TUNED, type TuneEvaluator, type TuneRun, tune } from "../../src/tune/tune.js";
import { tuneSentences } from "../../src/tune/words.js";

const trace: NamedTrace = {
  ...{ name: "made", records: new Uint8Array(24), count: 1 },
  notes: { format: "text", losses: [] },
};
const allocators: readonly Candidate[] = [...TUNED.slice(1), { allocator: "glibc", options: { mxfast: 0 } }];

/** Figures out of a hat, but always the same for the same settings: their hash (FNV-1a, 32 bits). */
function figuresOf({ allocator, options }: Candidate): TuneFigures {
  const text = JSON.stringify([allocator, Object.entries(options).sort()]);
  const hash = [...text].reduce((sum, one) => Math.imul(sum ^ one.charCodeAt(0), 16_777_619), 2_166_136_261);
  const [peakResident, faults] = [1e6 + (hash >>> 12), 1 + (hash & 0xffff)];
  return {
    ...{ peakResident, averageResident: peakResident / 3, faults },
    ...{ seconds: faults * 1e-7, syscalls: 3, needless: 0 },
  };
}

/** Runs what it counts; the last of each batch is done first, as it may be where several run at once. `fails` does whatever its settings. */
function evaluator(ran: Candidate[] = [], fails?: string): TuneEvaluator {
  return async (jobs, isOver, onDone) => {
    const done: (Evaluation | undefined)[] = jobs.map(() => undefined);
    for (const [place, { candidate }] of [...jobs.entries()].reverse()) {
      if (isOver()) continue;
      ran.push(candidate);
      const refused = candidate.options.topPad === 0 ? "topPad" : undefined;
      const failed = candidate.allocator === fails ? "out of memory" : undefined;
      const evaluation: Evaluation = failed
        ? { state: "failed", message: failed }
        : refused
          ? { state: "refused", message: refused }
          : { state: "done", figures: [figuresOf(candidate)], unsure: [], notes: ["a note"] };
      onDone?.(place, evaluation);
      done[place] = evaluation;
    }
    return done;
  };
}

const NONE = 200;
const plan = (settings: number) => ({
  ...{ version: "1.2.3", parameters: { goal: "both", touch: "none", settings } as const, costs: null },
  ...{ allocators, traces: [traceInfo(trace)] },
});

/** A search from what is known, as the command runs it, and how its record is written. */
async function search(
  from: TuneRecord,
  more: Partial<TuneRun> = {},
): Promise<{ text: string; report: TuneReport }> {
  const log = new TuneLog(from);
  const { shard, parameters } = from;
  const report = await tune({
    ...{ traces: [trace], ...parameters, allocators, evaluator: evaluator() },
    ...{ known: log.known, onEvaluated: (one, its) => log.add(one, its) },
    ...(shard && { shard }),
    ...more,
  });
  return { text: sealedText(log.ended(report)), report };
}

const whole = (settings = NONE) => search(emptyRecord(plan(settings), null));

describe("a search that was interrupted", () => {
  it("goes on, runs nothing twice, and keeps to the byte what one does that was not", async () => {
    const { text, report } = await whole();
    let asked = 0;
    const first = await search(emptyRecord(plan(NONE), null), {
      over: () => (++asked > 30 ? "interrupted" : null),
    });
    const kept = parseTuneRecord(first.text);
    expect(kept).toMatchObject({ complete: false });
    expect(kept.results).toHaveLength(30);
    const ran: Candidate[] = [];
    const second = await search(kept, { evaluator: evaluator(ran), varied: false });
    expect(ran).toHaveLength(report.results.length - 30);
    expect(second.text).toBe(text);
    expect(parseTuneRecord(text).complete).toBe(true);
  });
});

describe("shards", () => {
  const shardsOf = async (count: number, settings = NONE) =>
    Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const shard = { index: i + 1, count };
        const { text, report } = await search(emptyRecord(plan(settings), shard));
        return { name: `${i + 1}.json`, record: parseTuneRecord(text), report };
      }),
    );

  it.each([
    [2, NONE],
    [4, NONE],
    [3, 17],
    [2, 60],
  ])("of %i, with at most %i settings, come to the whole run to the byte", async (count, settings) => {
    const one = await whole(settings);
    const merged = await mergeTunes((await shardsOf(count, settings)).reverse());
    expect(sealedText(merged.record)).toBe(one.text);
    const { recommendation, ...rest } = merged.report;
    const { recommendation: its, ...theirs } = one.report;
    expect(rest).toEqual(theirs);
    expect({ ...recommendation, variations: [] }).toEqual({ ...its, variations: [] });
  });

  it("search only their own allocators, against the baseline, and recommend for nobody else", async () => {
    const [first, second] = await shardsOf(2);
    const names = (record?: TuneRecord) => [...new Set(record?.results.map(({ allocator }) => allocator))];
    expect(names(first?.record)).toEqual(["jemalloc", "tcmalloc"]);
    expect(names(second?.record)).toEqual(["jemalloc", "mimalloc", "glibc"]);
    expect(second?.record.results.filter(({ allocator }) => allocator === "jemalloc")).toHaveLength(1);
    expect(second?.report.parameters.shard).toBe("2/2");
    expect(second?.report.recommendation?.variations).toEqual([]);
  });

  it("of which the baseline fails come to the whole run, too, which recommends what does not", async () => {
    const failing = evaluator([], "jemalloc");
    const one = await search(emptyRecord(plan(NONE), null), { evaluator: failing });
    const files = await Promise.all(
      [1, 2].map(async (index) => {
        const { text } = await search(emptyRecord(plan(NONE), { index, count: 2 }), { evaluator: failing });
        return { name: `${index}.json`, record: parseTuneRecord(text) };
      }),
    );
    const merged = await mergeTunes(files);
    expect(sealedText(merged.record)).toBe(one.text);
    const { results, recommendation } = one.report;
    expect(results[0]).toMatchObject({ allocator: "jemalloc", outcome: { state: "failed" } });
    expect(results[recommendation?.result ?? 0]?.allocator).not.toBe("jemalloc");
    const of = (report: TuneReport) => ({ ...report.recommendation, variations: [], sturdier: undefined });
    expect(of(merged.report)).toEqual(of(one.report));
    // What it is compared with is what came through.
    expect(tuneSentences(one.report)[1]).toBe(
      "jemalloc failed: out of memory. All are compared with mimalloc.",
    );
    for (const { ratios } of recommendation?.variations ?? []) expect(ratios).not.toBeNull();
    expect(tuneSentences(one.report).join("\n")).not.toContain("that jemalloc takes");
  });

  it("that do not belong together are refused, with what to do", async () => {
    const [first, second] = await shardsOf(2);
    if (!first || !second) throw new Error("there are no shards");
    const refused = (...files: { name: string; record: TuneRecord }[]) => expect(mergeTunes(files)).rejects;
    await refused(first).toThrow("there is no shard 2/2: run zeropage tune with --shard 2/2");
    await refused(first, { name: "again.json", record: first.record }).toThrow("are the same shard");
    const [other] = await shardsOf(2, 30);
    await refused(second, other ?? first).toThrow("differ in settings (200 and 30): run all shards with");
    const late = { name: "late.json", record: { ...first.record, complete: false } };
    await refused(late, second).toThrow("late.json was interrupted: run its shard again");
    const short = { ...first.record, results: first.record.results.slice(0, 5) };
    await refused({ name: "short.json", record: short }, second).toThrow(MergeError);
    const [baseline, ...others] = second.record.results;
    const odd = { ...baseline, evaluation: { state: "failed", message: "" } } as (typeof others)[number];
    const changed = { name: "odd.json", record: { ...second.record, results: [odd, ...others] } };
    await refused(first, changed).toThrow("odd.json and another shard count jemalloc differently");
  });
});

describe("a record", () => {
  it("is read as it was written, or not at all", async () => {
    const { text } = await whole(12);
    expect(sealedText(parseTuneRecord(text))).toBe(text);
    for (const [from, to] of [
      ['"peakResident": 1', '"peakResident": 2'],
      ['"complete": true', '"complete": false'],
      [/"digest": "\w+"/, '"digest": ""'],
    ] as const) {
      const changed = text.replace(from, to);
      expect(changed).not.toBe(text);
      expect(() => parseTuneRecord(changed)).toThrow(RecordError);
    }
    const { digest: _, ...rest } = JSON.parse(text);
    expect(() => parseTuneRecord(JSON.stringify(rest))).toThrow("digest is not a text");
    expect(() => parseTuneRecord('{"scenario":"tune"}')).toThrow("name a file that --output wrote");
  });
});
