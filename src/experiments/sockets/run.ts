/** Data in one copy or several, on a machine of several sockets. */
import { checkOneOf, checkRange, checkShare, LARGEST } from "../../base/arguments.js";
import {
  BALANCED_PAGES,
  type PageMigrations,
  SOCKETS_KERNELS,
  type SocketsKernel,
  type SocketsLoad,
  type SocketsMachine,
  type SocketsResult,
} from "../../results/sockets.js";
import { migrationsOf, movesOf, type PageUse } from "./balancing.js";
import { costOfCopies, costOfFork } from "./model.js";

/** What `runSockets` runs. */
export interface SocketsRun extends SocketsMachine, SocketsLoad {
  /** A point for each: 1 to as many as there are workers. */
  copies: readonly number[];
  /** Shares of one copy that each process has written since a fork, 0 to 1: a point for each. */
  copied: readonly number[];
  kernels: readonly SocketsKernel[];
}

/** Most sockets, workers of each, and nanoseconds of anything. */
export const MOST = { sockets: 64, workers: 1024, ns: 1e9, scans: 1e6 };

/** What an access costs, by copies. @throws RangeError */
export async function runSockets(run: SocketsRun): Promise<SocketsResult> {
  checkMachine(run);
  checkLoad(run);
  const { data, written, line, copies, copied, kernels } = run;
  for (const count of copies) checkRange("copies", count, 1, run.sockets * run.workers);
  for (const share of copied) checkShare("copied", share);
  for (const kernel of kernels) checkOneOf("kernels", kernel, SOCKETS_KERNELS);
  const load = { data, written, line };
  return {
    ...load,
    points: [
      ...copies.map((count) => costOfCopies(run, load, count)),
      ...copied.map((share) => costOfFork(run, load, share)),
    ],
    moves: kernels.map((kernel) => movesOf(run, data, kernel)),
  };
}

/** How often Linux moves a page that sockets use in turn. @throws RangeError */
export async function balancePage(use: PageUse): Promise<PageMigrations> {
  const { kernel, page, burst, scans, sockets } = use;
  checkOneOf("kernel", kernel, SOCKETS_KERNELS);
  checkOneOf("page", page, BALANCED_PAGES);
  checkRange("scans", scans, 1, MOST.scans);
  checkRange("sockets", sockets, 1, MOST.sockets);
  checkRange("seed", use.seed, 0, LARGEST);
  if (burst !== "coin") checkBetween("burst", burst, Number.MIN_VALUE, MOST.scans);
  return { kernel, page, burst, scans, migrations: migrationsOf(use) };
}

/** @throws RangeError unless the parameters are those of a machine. */
export function checkMachine({
  sockets,
  workers,
  cache,
  hit,
  local,
  remote,
  migration,
}: SocketsMachine): void {
  checkRange("sockets", sockets, 1, MOST.sockets);
  checkRange("workers", workers, 1, MOST.workers);
  checkRange("cache", cache, 1, LARGEST);
  checkBetween("hit", hit, 0, MOST.ns);
  // What is nearer is never slower.
  checkBetween("local", local, hit, MOST.ns);
  checkBetween("remote", remote, local, MOST.ns);
  checkBetween("migration", migration, 0, MOST.ns);
}

function checkLoad({ data, written, line }: SocketsLoad): void {
  checkRange("data", data, 1, LARGEST);
  checkShare("written", written);
  checkBetween("line", line, 0, MOST.ns);
}

function checkBetween(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most))
    throw new RangeError(`${name} must be from ${least} to ${most}; got ${value}`);
}
