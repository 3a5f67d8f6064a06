/** What copies on sockets mean: what one copy saves and costs, where it costs nothing, and what the kernel does about it. */
import { formatBytes, formatCount } from "../../base/bytes.js";
import { formatSeconds, formatShare, formatSize, joinWords } from "../../base/numbers.js";
import type {
  PageMigrations,
  SocketsMachine,
  SocketsPoint,
  SocketsReport,
  SocketsResult,
} from "../../results/sockets.js";
import { accessesThatPay } from "./balancing.js";
import { copiesLabel, counted, formatNs, lineLabel } from "./words.js";

/** A load of which one copy was asked for, and one on each socket. */
interface Compared {
  result: SocketsResult;
  one: SocketsPoint;
  each: SocketsPoint;
  /** How many times as long an access takes with one. */
  gain: number;
}

/** From how much longer on one copy is called costly. */
const COSTLY = 1.05;

/** What copies cost and save. */
export function copiesSentences({ results, parameters: { sockets } }: SocketsReport): string[] {
  if (sockets === 1) return ["One socket has no memory but its own: more copies only crowd its cache."];
  const compared = results.flatMap((result) => compare(result, sockets));
  const least = Math.min(...compared.map(({ result }) => result.written));
  const read = compared.filter(({ result }) => result.written === least);
  const costly = read.find(({ gain }) => gain >= COSTLY)?.result.data;
  const foolish = read.filter(({ result }) => result.data === costly);
  const fits = read.filter(({ one, each }) => one.hits === 1 && each.ns === one.ns);
  return [
    ...pennyWise(foolish, sockets),
    ...new Set(fits.map(fitting)),
    ...written(compared.filter(({ result }) => result.data === costly && result.written > least)),
    ...foolish.slice(0, 1).flatMap(({ result }) => [...crowded(result, sockets), ...forked(result)]),
  ];
}

function compare(result: SocketsResult, sockets: number): Compared[] {
  const [one, each] = [1, sockets].map((copies) => copiesIn(result).find((point) => point.copies === copies));
  return one && each ? [{ result, one, each, gain: one.ns / each.ns }] : [];
}

const copiesIn = ({ points }: SocketsResult) => points.filter(({ copied }) => copied === undefined);

const insteadOf = ({ result, one, each, gain }: Compared) =>
  `${formatNs(one.ns)} ns instead of ${formatNs(each.ns)}, ${Number(gain.toPrecision(2))} times as long (${lineLabel(result)})`;

function pennyWise(foolish: readonly Compared[], sockets: number): string[] {
  const [first] = foolish;
  if (!first) return [];
  const { data } = first.result;
  return [
    `Penny wise, pound foolish: one copy of ${formatSize(data)}, not one on each socket, saves ${formatBytes(data * (sockets - 1))} of ${formatBytes(data * sockets)}, and an access takes ${joinWords(foolish.map(insteadOf))}.`,
  ];
}

const fitting = ({ result, one }: Compared) =>
  `${formatSize(result.data)} fit the cache, and one copy costs nothing: ${formatNs(one.ns)} ns either way.`;

/** What becomes of the gain where data are written: of the largest share. */
function written(compared: readonly Compared[]): string[] {
  const most = Math.max(...compared.map(({ result }) => result.written));
  const told = compared.filter(({ result }) => result.written === most).map(insteadOf);
  if (told.length === 0) return [];
  return [
    `With ${formatShare(most, 1)} of accesses writing, and each write to all copies, an access to one copy takes ${joinWords(told)}.`,
  ];
}

function crowded(result: SocketsResult, sockets: number): string[] {
  const most = copiesIn(result)
    .filter(({ copies }) => copies > sockets)
    .at(-1);
  if (!most) return [];
  return [
    `More copies than sockets bring nothing nearer, and crowd the caches: ${copiesLabel(most.copies)} take ${formatNs(most.ns)} ns and ${formatBytes(most.memory)}.`,
  ];
}

const forked = ({ points }: SocketsResult): string[] =>
  points
    .filter(({ copied }) => copied !== undefined)
    .map(
      ({ copied = 0, ns, memory }) =>
        `A copy on write lies on the socket of who writes. Where each process has written ${formatShare(copied, 1)} since a fork, an access takes ${formatNs(ns)} ns, and all have ${formatBytes(memory)}.`,
    );

/** What the kernel does about pages that are far away. */
export function balancingSentences({ balancing, results, parameters }: SocketsReport): string[] {
  if (parameters.sockets === 1) return [];
  const names = new Map<string, string[]>();
  for (const [name, uses] of byPage(balancing)) {
    const text = movedText(uses);
    names.set(text, [...(names.get(text) ?? []), name]);
  }
  return [
    ...[...names].map(([text, pages]) => `${pages.join("; ")}: ${text}.`),
    ...(results[0]?.moves ?? []).map((moves) => {
      const what = `Linux ${moves.kernel}: of one copy of ${formatSize(results[0]?.data ?? 0)} that all sockets read after a fork`;
      return moves.pagesPerSecond === 0
        ? `${what} no page is moved: the scanner skips what processes share.`
        : `${what}, ${formatCount(Math.round(moves.pagesPerSecond))} pages a second are moved to and fro. That takes ${formatShare(moves.share, 1)} of the time, and brings nothing nearer.`;
    }),
    ...paying(parameters),
  ];
}

const PAGES = { threads: "a page of threads", forked: "a page shared since a fork" } as const;

function byPage(balancing: readonly PageMigrations[]): Map<string, PageMigrations[]> {
  const pages = new Map<string, PageMigrations[]>();
  for (const use of balancing) {
    const name = `Linux ${use.kernel}, ${PAGES[use.page]}`;
    pages.set(name, [...(pages.get(name) ?? []), use]);
  }
  return pages;
}

function movedText(uses: readonly PageMigrations[]): string {
  const scans = `over ${counted(uses[0]?.scans ?? 0, "scan")}`;
  if (uses.every(({ migrations }) => migrations === 0)) return `never moved ${scans}`;
  const turns = uses.filter(({ burst }) => burst !== "coin");
  const told = (some: readonly PageMigrations[], how: string) =>
    some.length === 0 ? [] : [`${joinWords(some.map((use) => formatCount(use.migrations)))} times ${how}`];
  return `moved ${scans} ${[
    ...told(turns, `in turns of ${joinWords(turns.map(({ burst }) => String(burst)))} scans`),
    ...told(
      uses.filter(({ burst }) => burst === "coin"),
      "if each scan finds it used by any",
    ),
  ].join(", and ")}`;
}

function paying(parameters: SocketsMachine): string[] {
  const { migration, local, remote } = parameters;
  if (remote === local) return [];
  const accesses = Math.floor(accessesThatPay(parameters));
  return [
    `To move a page takes ${formatSeconds(migration / 1e9)}, and pays if it is read more than ${formatCount(accesses)} times until it is moved away.`,
  ];
}
