import { type Counters, totalFaults } from "../../allocator/counters.js";
import { formatBytes, formatCount } from "../../base/bytes.js";
import { formatShare, formatSize, joinWords } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import type { CostKind } from "../../results/loop.js";
import type { Report, Result } from "../../results/run.js";
import { blockBytes, sharedParameters } from "./parameters.js";

/** Minor faults of all kinds; NaN of a foreign module, of which only the needless are known. */
export function faultCount(counters: Counters): number {
  return totalFaults(counters.faults);
}

/**
 * What a report means, in sentences computed from the counters alone: one for each allocator and
 * what it did (sizes at which it did the same share one), then the sizes between which cost changes.
 */
export function verdict(report: Report): string[] {
  const groups = groupBy(report.results, (result) => `${allocatorLabel(result)}\n${judgement(result)}`);
  const sentences = groups.map((group) => `${subject(group)}${judgement(group[0])}`);
  return [...sentences, ...report.results.flatMap(failures), ...cliffs(report)];
}

type Group = [Result, ...Result[]];

function groupBy(results: readonly Result[], key: (result: Result) => string): Group[] {
  const groups = new Map<string, Group>();
  for (const result of results) {
    const group = groups.get(key(result));
    if (group) group.push(result);
    else groups.set(key(result), [result]);
  }
  return [...groups.values()];
}

function subject(group: Group): string {
  const sizes = group.map(blockBytes).filter((bytes) => bytes !== undefined);
  const at = sizes.length > 0 ? ` at ${joinWords(sizes.map(formatSize))}` : "";
  return `${allocatorLabel(group[0])}${at}: `;
}

function judgement({ counters, cost }: Result): string {
  const faults = faultCount(counters);
  const { kernel, allocator } = counters.zeroed;
  const kind = cost === undefined ? "" : KINDS[cost];
  if (allocator === 0 && kernel === 0) return `${kind && `${kind}; `}${nothingZeroed(counters, faults)}`;
  const byKernel = kernel >= allocator ? `, the kernel ${formatBytes(kernel)}` : "";
  const done = `allocator ${zeroingClause(counters)}${byKernel}; ${faultsClause(faults, counters)}.`;
  return kind ? `${kind}. The ${done}` : `the ${done}`;
}

const KINDS: Record<CostKind, string> = {
  constant: "cost does not depend on the size (constant)",
  linear: "cost grows with the size (linear)",
};

function nothingZeroed(counters: Counters, faults: number): string {
  if (faults > 0) return `nothing was zeroed; ${faultsClause(faults, counters)}.`;
  const untouched = counters.touched.read === 0 && counters.touched.written === 0;
  return `nothing was zeroed and no ${untouched ? "page was touched" : "fault was taken"}.`;
}

function zeroingClause({ zeroed: { allocator, needless } }: Counters): string {
  if (allocator === 0) return "zeroed nothing";
  const bytes = formatBytes(allocator);
  if (needless === allocator) return `zeroed ${bytes} that already read as zero`;
  if (needless <= 0) return `zeroed ${bytes}, all of it needed`;
  return `zeroed ${bytes}, of which ${formatBytes(needless)} (${formatShare(needless, allocator)}) already read as zero`;
}

function faultsClause(faults: number, { faults: { needless }, touched }: Counters): string {
  const count = formatCount(faults);
  if (Number.isNaN(faults)) return needlessPages(needless) + readPages(touched);
  if (faults === 0) return "no fault was taken";
  if (faults === 1) return `its one fault was ${needless === 1 ? "" : "not "}needless`;
  if (needless === faults) return `every one of its ${count} faults was needless`;
  if (needless <= 0) return `none of its ${count} faults was needless`;
  const share = formatShare(needless, faults);
  return `${formatCount(needless)} of its ${count} faults (${share}) ${needless === 1 ? "was" : "were"} needless`;
}

/** In linear memory it is not known how a page was first touched, but whether anything but zeroing did. */
function needlessPages(pages: number): string {
  if (pages === 0) return "no page was touched by needless zeroing alone";
  return `${formatCount(pages)} ${pages === 1 ? "page was" : "pages were"} touched by needless zeroing alone`;
}

/** Where a module mostly reads, as one that looks before it clears, its counts tell less than its time. */
function readPages({ read, written }: Counters["touched"]): string {
  return read > written ? `; ${formatCount(read)} pages were read, whose cost is not counted` : "";
}

function failures(result: Result): string[] {
  const failed = Number(result.parameters.failedAllocations ?? 0);
  if (failed === 0) return [];
  const what = failed === 1 ? "1 allocation" : `${formatCount(failed)} allocations`;
  return [`${allocatorLabel(result)}: ${what} failed for want of memory; the program went on without.`];
}

/** For each allocator, the neighbouring sizes whose cost is of different kinds. */
function cliffs(report: Report): string[] {
  const untouched = Number(sharedParameters(report).written ?? 0) === 0;
  return groupBy(report.results, allocatorLabel).flatMap((group) => {
    const sized = group.flatMap((result) => {
      const bytes = blockBytes(result);
      return bytes === undefined || result.cost === undefined ? [] : [{ bytes, cost: result.cost }];
    });
    sized.sort((one, other) => one.bytes - other.bytes);
    return sized.slice(1).flatMap((larger, index) => {
      const smaller = sized[index] as SizedCost;
      if (smaller.cost === larger.cost) return [];
      return [`${allocatorLabel(group[0])}: ${cliffClause(smaller, larger, untouched)}`];
    });
  });
}

interface SizedCost {
  bytes: number;
  cost: CostKind;
}

/** Only the untouched loop has cliffs by name; with writes between, what changes is the cost of the two together. */
function cliffClause(smaller: SizedCost, larger: SizedCost, untouched: boolean): string {
  const from = `${formatSize(smaller.bytes)} (${smaller.cost})`;
  const to = `${formatSize(larger.bytes)} (${larger.cost})`;
  return untouched
    ? `a cliff lies between ${from} and ${to}.`
    : `its cost changes kind between ${from} and ${to}.`;
}
