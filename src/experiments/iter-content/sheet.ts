/** What people read of bodies read in large buffers. */

import { formatBytes } from "../../base/bytes.js";
import { formatCell, formatSeconds, formatShare, formatSize, joinWords } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import { type ColumnOf, plainColumns, rowOf, type Sheet, worseIf } from "../../report/sheet.js";
import type { BufferWay, IterContentReport, IterContentResult } from "../../results/iter-content.js";
import { costsNote } from "../costs-note.js";

/** Who gets a buffer in which way. */
export const WAY_NAMES: Record<BufferWay, string> = {
  "malloc+memset": "CFFI before 1.10",
  calloc: "CFFI 1.10",
  malloc: "the fix",
};

const COLUMNS: readonly ColumnOf<[IterContentResult]>[] = [
  { header: ["allocator"], align: "left", text: allocatorLabel },
  { header: ["buffer by"], align: "left", text: ({ way }) => `${way} (${WAY_NAMES[way]})` },
  { header: ["chunk"], align: "right", text: ({ chunk }) => formatSize(chunk) },
  {
    header: ["zeroed by", "kernel"],
    spare: 1,
    align: "right",
    text: ({ counters }) => formatCell(counters.zeroed.kernel),
  },
  {
    header: ["zeroed by", "allocator"],
    align: "right",
    text: ({ counters }) => formatCell(counters.zeroed.allocator),
  },
  { header: ["zeroed by", "library"], align: "right", text: ({ library }) => formatCell(library.cleared) },
  {
    header: ["needless", "share"],
    spare: 2,
    align: "right",
    text: (result) => formatShare(needlessBytes(result), clearedBytes(result)),
    tone: (result) => worseIf(needlessBytes(result) > 0),
  },
  {
    header: ["simulated", "per read"],
    spare: 3,
    align: "right",
    text: (result) => formatSeconds(perRead(result)),
  },
  { header: ["simulated", "throughput"], align: "right", text: throughput },
];

interface Clearing extends Pick<IterContentResult, "counters"> {
  library: Omit<IterContentResult["library"], "reads">;
}

/** Bytes cleared by allocator and library, and those that already read as zero. */
export const clearedBytes = ({ counters, library }: Clearing) => counters.zeroed.allocator + library.cleared;
export const needlessBytes = ({ counters, library }: Clearing) => counters.zeroed.needless + library.needless;

const perRead = ({ simulated, library }: IterContentResult) => simulated.seconds / Math.max(1, library.reads);

/** In bytes a second, as formatted bytes are. */
export function throughput({ bytesPerSecond }: Pick<IterContentResult, "bytesPerSecond">): string {
  return bytesPerSecond === null ? "unlimited" : `${formatBytes(bytesPerSecond)}/s`;
}

/** One row per result, in order. */
export function iterContentSheet(report: IterContentReport): Sheet {
  const { results, parameters } = report;
  return {
    heading: `a body of ${formatSize(parameters.body)} read over TLS, 16 KiB at a time, each into a new buffer of a whole chunk`,
    columns: plainColumns(COLUMNS),
    rows: results.map((result) => rowOf(COLUMNS, result)),
    sentences: [
      ...curves(results).map(sentence),
      ...costsNote(
        results.map((result) => ({ allocator: allocatorLabel(result), costs: result.simulated.costs })),
      ),
    ],
  };
}

/** The results of one allocator and one way, by size. */
export function curves(results: readonly IterContentResult[]): IterContentResult[][] {
  const found = new Map<string, IterContentResult[]>();
  for (const result of results) {
    const name = `${allocatorLabel(result)} ${result.way}`;
    found.set(name, [...(found.get(name) ?? []), result]);
  }
  return [...found.values()].map((curve) => curve.sort((one, other) => one.chunk - other.chunk));
}

function sentence(curve: IterContentResult[]): string {
  const [first] = curve as [IterContentResult];
  const speeds = curve.map((result) => `${throughput(result)} at ${formatSize(result.chunk)}`);
  const needless = curve.reduce((sum, result) => sum + needlessBytes(result), 0);
  const waste = needless > 0 ? `; ${formatBytes(needless)} were cleared that already read as zero` : "";
  const shape = hasReportedShape(curve) ? ". This is the shape of the bug report" : "";
  return `${allocatorLabel(first)}, ${WAY_NAMES[first.way]}: at most ${joinWords(speeds)}${waste}${shape}.`;
}

const MIB = 2 ** 20;

/**
 * Whether a curve is as was reported (psf/requests issue 3729): nothing to be noticed with chunks of 10 MiB, which is
 * to say faster than a fast line of 2016 (100 Mbit/s); below 1 MB/s with 100 MiB; below 100 KB/s with 1 GiB.
 */
export function hasReportedShape(curve: readonly IterContentResult[]): boolean {
  const speedAt = (chunk: number) => curve.find((result) => result.chunk === chunk)?.bytesPerSecond;
  const [at10, at100, at1000] = [10 * MIB, 100 * MIB, 1024 * MIB].map(speedAt);
  if (at10 == null || at100 == null || at1000 == null) return false;
  return at10 > 12.5e6 && at100 < 1e6 && at1000 < 100e3;
}
