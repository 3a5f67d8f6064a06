import { UsageError } from "../../base/errors.js";
import { parseCount, parseShares, parseSize, parseWord } from "../../base/flags.js";
import {
  BALANCED_PAGES,
  SOCKETS_KERNELS,
  type SocketsKernel,
  type SocketsMachine,
  type SocketsReport,
  type SocketsResult,
} from "../../results/sockets.js";
import { defineExperiment, type Flag } from "../experiment.js";
import { socketsChart } from "./chart.js";
import { socketsRows } from "./csv.js";
import { balancePage, checkMachine, MOST, runSockets } from "./run.js";
import { socketsSheet } from "./sheet.js";
import { BASIS, loadLabel } from "./words.js";

/** Reads a plain number from 0 to `most`: of nanoseconds, or of scans. */
const numberUpTo =
  (most: number) =>
  (text: string, flag: string): number => {
    const value = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : Number.NaN;
    if (value <= most) return value;
    throw new UsageError(`${flag}: "${text}" is not a number from 0 to ${most}, such as 90 or 0.5`);
  };

const parseNs = numberUpTo(MOST.ns);
const parseScans = numberUpTo(MOST.scans);

const parseSeed = (text: string, flag: string) => (text.trim() === "0" ? 0 : parseCount(text, flag));

/** Reads several by commas, in the order given, each once. */
const several =
  <T>(parse: (text: string, flag: string) => T) =>
  (text: string, flag: string): T[] => [...new Set(text.split(",").map((word) => parse(word.trim(), flag)))];

const parseBurst = (text: string, flag: string): number | "coin" => {
  if (text === "coin") return text;
  const scans = parseScans(text, flag);
  if (scans === 0) throw new UsageError(`${flag}: "${text}" is no time: write scans above 0, or coin`);
  return scans;
};

const nanoseconds = (help: string, preset: string): Flag<number> => ({
  ...{ value: "<ns>", help: `nanoseconds ${help}`, default: preset, parse: parseNs },
});

const flags = {
  sockets: { value: "<number>", help: "sockets, 1 to 64", default: "2", parse: parseCount },
  workers: { value: "<number>", help: "workers on each, 1 to 1024", default: "8", parse: parseCount },
  copies: {
    value: "<numbers>",
    help: "copies of the data, at most one for each worker; several by commas",
    default: "1,2,4,16",
    parse: several(parseCount),
  },
  data: {
    value: "<sizes>",
    help: "size of one copy; several by commas",
    default: "256MiB,24MiB",
    parse: several(parseSize),
  },
  written: {
    value: "<shares>",
    help: "share of accesses that write, 0% to 100%; several by commas",
    default: "0%,1%,20%",
    parse: parseShares,
  },
  line: {
    value: "<ns>",
    help: "nanoseconds a socket's memory is busy with a line, 0 for no limit; several by commas",
    default: "0,12",
    parse: several(parseNs),
  },
  cache: { value: "<size>", help: "cache of a socket", default: "32MiB", parse: parseSize },
  hit: nanoseconds("of an access to the cache", "20"),
  local: nanoseconds("to the socket's own memory, at least as many", "90"),
  remote: nanoseconds("to another's, at least as many", "150"),
  copied: {
    value: "<shares>",
    help: "share of one copy that each process has written since a fork; several by commas",
    default: "10%",
    parse: parseShares,
  },
  kernel: {
    value: "<words>",
    help: `${SOCKETS_KERNELS.join(" or ")}; several by commas`,
    default: SOCKETS_KERNELS.join(","),
    parse: several((text, flag): SocketsKernel => parseWord(text, flag, SOCKETS_KERNELS)),
  },
  burst: {
    value: "<scans>",
    help: "scans for which one socket uses a page until the next does, or coin: by chance; several by commas",
    default: "0.5,1,2,3,4,10,coin",
    parse: several(parseBurst),
  },
  scans: {
    value: "<number>",
    help: "scans of a page, at most 1000000",
    default: "1200",
    parse: (text: string, flag: string) => parseScans(String(parseCount(text, flag)), flag),
  },
  migration: nanoseconds("to move a page", "10000"),
  seed: { value: "<number>", help: "seed of the coin", default: "1", parse: parseSeed },
};

type SocketsFlags = { [Name in keyof typeof flags]: ReturnType<(typeof flags)[Name]["parse"]> };

/** @throws UsageError */
function machineOf(typed: SocketsFlags): SocketsMachine {
  const { sockets, workers, cache, hit, local, remote, migration } = typed;
  const machine = { sockets, workers, cache, hit, local, remote, migration };
  try {
    checkMachine(machine);
  } catch (error) {
    throw new UsageError(`--${(error as Error).message}`);
  }
  const most = sockets * workers;
  const beyond = typed.copies.find((copies) => copies > most);
  if (beyond !== undefined)
    throw new UsageError(`--copies: ${beyond} are more than the ${most} workers, each of which reads one`);
  return machine;
}

export const sockets = defineExperiment({
  command: "run sockets",
  description: "one copy of data, one on each socket, or one for each worker: what does an access cost?",
  examples: [
    "",
    "--sockets 4 --copies 1,2,4,8,32 --written 0% --chart sockets.svg",
    "--data 1GiB --local 80 --remote 140 --line 6",
    "--kernel before-4.16 --burst 1,2,coin --scans 100000",
  ],
  flags,
  takes: "no allocators",
  functions: { runSockets, balancePage },
  jobs({ flags: typed, functions }) {
    const machine = machineOf(typed);
    const { data: sizes, written: shares, line: lines, copies, copied, kernel: kernels } = typed;
    return sizes.flatMap((data) =>
      lines.flatMap((line) =>
        shares.map((written) => ({
          label: loadLabel({ data, line, written }),
          run: (show): Promise<SocketsResult> => {
            show();
            return functions.runSockets({ ...machine, data, line, written, copies, copied, kernels });
          },
        })),
      ),
    );
  },
  async record({ flags: typed, functions }, results): Promise<SocketsReport> {
    const { kernel: kernels, burst: bursts, scans, seed, sockets } = typed;
    const uses = kernels.flatMap((kernel) =>
      BALANCED_PAGES.flatMap((page) =>
        bursts.map((burst) => ({ kernel, page, burst, scans, seed, sockets })),
      ),
    );
    return {
      ...{ scenario: "sockets", basis: BASIS, parameters: machineOf(typed), results },
      balancing: await Promise.all(uses.map((use) => functions.balancePage(use))),
    };
  },
  sheet: socketsSheet,
  rows: socketsRows,
  chart: { help: "draw what an access costs by copies, as an SVG image", draw: socketsChart },
});
