import { isModule } from "../../allocator/choice.js";
import { formatCount } from "../../base/bytes.js";
import { OutOfMemory } from "../../base/errors.js";
import { parseCount, parsePercent, parseSize, parseWord } from "../../base/flags.js";
import { allocatorLabel } from "../../report/label.js";
import type { ComparedFigures, PatternReport } from "../../results/pattern.js";
import type { Result } from "../../results/run.js";
import { defineExperiment, type Flag } from "../experiment.js";
import { timelineChart } from "../replay/chart.js";
import { replayTrace } from "../replay/run.js";
import { patternRows } from "./csv.js";
import { CALLS, checkPattern, DRAINS, FREERS, ORDERS, type Pattern, SPREADS, TRIMS } from "./pattern.js";
import { type PatternPreset, patternPresets } from "./presets.js";
import { patternSheet, patternTitle } from "./sheet.js";
import { patternTrace } from "./trace.js";

/** Points of the chart, which are in JSON too. */
const CHART_POINTS = 250;

/** What a flag is where the preset says it. */
const AS_PRESET = "preset";

/** A flag that changes what the preset says. */
const changing = <T>(
  value: string,
  help: string,
  parse: (text: string, flag: string) => T,
): Flag<T | undefined> => ({
  value,
  help,
  default: AS_PRESET,
  parse: (text, flag) => (text === AS_PRESET ? undefined : parse(text, flag)),
});

const oneOf =
  <Word extends string>(words: readonly Word[]) =>
  (text: string, flag: string) =>
    parseWord(text, flag, words);
const orNone = (text: string, flag: string) => (text.trim() === "0" ? 0 : parseCount(text, flag));

/** Reads `4KiB`, or `16..1KiB`. */
function parseRange(text: string, flag: string): { min: number; max: number } {
  const [least = "", largest = least, ...rest] = text.split("..");
  if (rest.length > 0) parseSize(text, flag);
  return { min: parseSize(least, flag), max: parseSize(largest, flag) };
}

function parsePreset(text: string, flag: string): PatternPreset {
  const name = parseWord(
    text,
    flag,
    patternPresets.map(({ name }) => name),
  );
  return patternPresets.find((preset) => preset.name === name) as PatternPreset;
}

const flags = {
  preset: {
    value: "<name>",
    help: `what the flags below change: ${patternPresets.map(({ name }) => name).join(", ")}`,
    default: "burst-small",
    parse: parsePreset,
  },
  threads: changing(
    "<number>",
    "threads that allocate; 0: the first thread does, which else only trims",
    orNone,
  ),
  rounds: changing("<number>", "how many times they do it all", parseCount),
  blocks: changing("<number>", "blocks that each thread allocates in a round", parseCount),
  size: changing("<sizes>", "of a block: one size, or a range such as 16..4KiB", parseRange),
  spread: changing("<word>", `sizes of a range: ${SPREADS.join(", ")}`, oneOf(SPREADS)),
  by: changing("<call>", `${CALLS.join(" or ")}`, oneOf(CALLS)),
  written: changing("<share>", "share of each block that is written, 0% to 100%", parsePercent),
  live: changing(
    "<number>",
    "blocks at which a thread frees before it goes on; 0: only at the end of a round",
    orNone,
  ),
  drain: changing("<word>", `how many it then frees: ${DRAINS.join(" or ")}`, oneOf(DRAINS)),
  order: changing("<word>", `which block is freed next: ${ORDERS.join(", ")}`, oneOf(ORDERS)),
  keep: changing("<number>", "every so many blocks one is never freed; 0: all are", orNone),
  freer: changing(
    "<word>",
    "who frees: the thread's own, the next, or a consumer that does only that",
    oneOf(FREERS),
  ),
  trim: changing("<word>", `when the first thread trims: ${TRIMS.join(", ")}`, oneOf(TRIMS)),
  seed: changing("<number>", "seed of what is random", orNone),
};

type PatternFlags = { [Name in keyof typeof flags]: ReturnType<(typeof flags)[Name]["parse"]> };

/** The preset, with what was typed in its place. @throws UsageError */
function patternOf({ preset, size, ...typed }: PatternFlags): Pattern {
  const changes = Object.entries({ ...typed, ...size }).filter(([, value]) => value !== undefined);
  const pattern: Pattern = { ...preset.pattern, ...Object.fromEntries(changes) };
  checkPattern(pattern);
  return pattern;
}

/** Published figures are of the preset as it is. */
function compare(
  { preset, ...typed }: PatternFlags,
  results: readonly Result[],
): ComparedFigures | undefined {
  const isChanged = Object.values(typed).some((value) => value !== undefined);
  if (isChanged || !preset.published) return undefined;
  const { source, figure, rows, here } = preset.published;
  const found = results.flatMap((result) => {
    const allocator = allocatorLabel(result);
    const published = rows[allocator];
    return published === undefined ? [] : [{ allocator, published, here: here(result) }];
  });
  return found.length > 0 ? { source, figure, rows: found } : undefined;
}

/** What stays resident of blocks that there was no memory for is no finding. */
const shortOf = (failed: number) =>
  `${formatCount(failed)} allocations got no memory: ask for fewer blocks, or smaller ones`;

export const pattern = defineExperiment({
  command: "run pattern",
  description: "threads that allocate and free blocks in rounds: what stays resident when all is freed?",
  examples: [
    "",
    "--preset producer-consumer --chart resident.svg",
    "--threads 16 --size 16..8KiB --spread log --order random --keep 50 --allocator glibc,glibc:arenaMax=2,libmalloc",
    "--preset miloco-two --save-trace frames.txt",
  ],
  flags,
  takes: "models and modules",
  allocators: { list: patternPresets[0]?.allocators ?? "", help: "those that the preset compares" },
  allocatorsFor: ({ preset }) => preset.allocators,
  functions: { replayTrace },
  jobs({ flags, allocators, functions }) {
    const pattern = patternOf(flags);
    return allocators.map(({ label, run }) => ({
      label,
      run: async (show): Promise<Result> => {
        const onProgress = (operations: number) => show(`${formatCount(operations)} operations`);
        const trace = patternTrace(pattern);
        const { result, timeline } = await functions.replayTrace({
          ...{ ...run, trace, touch: "none", timelinePoints: CHART_POINTS, onProgress },
        });
        const { operations = 0, failedAllocations = 0 } = result.parameters;
        if (Number(failedAllocations) > 0) throw new OutOfMemory(shortOf(Number(failedAllocations)));
        // A second time, for patterns that are written into blocks are counted too.
        if (isModule(run.model))
          await functions.replayTrace({ ...run, trace: patternTrace(pattern), touch: "none", verify: true });
        return { ...result, parameters: { operations, failedAllocations }, timeline };
      },
    }));
  },
  record({ flags }, results): PatternReport {
    const { steps: _, ...parameters } = patternOf(flags);
    const compared = compare(flags, results);
    return {
      scenario: "pattern",
      parameters: { preset: flags.preset.name, ...parameters },
      results,
      ...(compared && { compared }),
    };
  },
  sheet: patternSheet,
  rows: patternRows,
  chart: {
    help: "draw in use, system and resident bytes over the operations, as an SVG image",
    draw: (record: PatternReport) =>
      timelineChart(
        record.results.map(({ allocator, options, timeline = [] }) => ({
          allocator,
          options,
          points: timeline,
        })),
        patternTitle(record.parameters),
      ),
  },
  trace: (flags) => patternTrace(patternOf(flags)),
});
