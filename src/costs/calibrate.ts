/**
 * Measures what page faults and clearing cost on this host, from JavaScript alone.
 *
 * A resizable ArrayBuffer that grows from nothing is fresh from the kernel, and is given back when it
 * shrinks. One round over its pages:
 *
 *      grow │ read each │ write each │ write each │ fill │ shrink │ grow │ write each │ shrink
 *           │  zeroMap  │ copyOnWrite│  the loop  │ warm │ give   │      │  zeroFill  │
 *           │           │            │   itself   │      │ back   │      │            │
 *
 * A figure is the median of all rounds. The host's count of page faults tells whether the expected
 * faults really happened. If it differs, as with huge pages or another kernel, the figure is assumed.
 */

import { FAULT_KINDS, type FaultKind } from "../allocator/counters.js";
import { recordOf } from "../base/enums.js";
import { median, quantile } from "../base/statistics.js";
import { linuxVm } from "./linux-vm.js";
import type { CostFigures, CostProfile } from "./profile.js";

/** What calibration needs of the host. */
export interface CalibrationHost {
  /** One line on the host, for the `source` of the cost profile. */
  description: string;
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Minor faults this process has taken so far. */
  faults(): number;
}

/** A figure, and how sure it is. */
export type Evidence =
  | {
      figure: string;
      how: "measured";
      ns: number;
      /** Distance between the quartiles, as a part of the figure. */
      spread: number;
      rounds: number;
    }
  | { figure: string; how: "assumed"; ns: number; why: string };

export interface Calibration extends CostProfile {
  evidence: Evidence[];
}

export interface CalibrationSettings {
  name: string;
  rounds: number;
  /** Size of the buffer. It should be larger than any cache. */
  bytes: number;
}

const PAGE_BYTES = 4096;
/** Largest difference of faults from pages, as a part: the JavaScript engine causes a few faults of its own. */
const STRAY = 0.05;

/** Milliseconds and page faults of one phase of a round. */
type Phase = { ms: number; faults: number };
type Round = Record<"read" | "copy" | "warm" | "fill" | "shrink" | "write", Phase>;

/** Measures this host. Each round takes about a tenth of a second. */
export function calibrate(host: CalibrationHost, settings: CalibrationSettings): Calibration {
  const { name, bytes } = settings;
  const buffer = new ArrayBuffer(0, { maxByteLength: bytes });
  // The first round warms up the compiler.
  const rounds = Array.from({ length: settings.rounds + 1 }, () => runRound(host, buffer, bytes)).slice(1);
  const evidence = [...faultEvidence(rounds, bytes), ...clearingEvidence(rounds, bytes), ...ASSUMED];
  return {
    name,
    source: `zeropage calibrate on ${host.description}: ${settings.rounds} rounds over ${bytes} bytes; system calls as in ${linuxVm.name}`,
    ns: { ...figuresOf(evidence), syscall: linuxVm.ns.syscall, walkedPage: linuxVm.ns.walkedPage },
    evidence,
  };
}

function runRound(host: CalibrationHost, buffer: ArrayBuffer, bytes: number): Round {
  const phase = (run: () => void): Phase => {
    const [faults, start] = [host.faults(), host.now()];
    run();
    const ms = host.now() - start;
    return { ms, faults: host.faults() - faults };
  };
  buffer.resize(bytes);
  const view = new Uint8Array(buffer);
  const read = phase(() => readPages(view));
  const copy = phase(() => writePages(view));
  const warm = phase(() => writePages(view));
  const fill = phase(() => view.fill(0));
  const shrink = phase(() => buffer.resize(0));
  buffer.resize(bytes);
  const write = phase(() => writePages(view));
  buffer.resize(0);
  return { read, copy, warm, fill, shrink, write };
}

function readPages(view: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < view.length; at += PAGE_BYTES) sum += view[at] as number;
  return sum;
}

function writePages(view: Uint8Array): void {
  for (let at = 0; at < view.length; at += PAGE_BYTES) view[at] = 1;
}

/** The cost of a fault of each kind, including giving its frame back, without zeroing the frame. */
function faultEvidence(rounds: readonly Round[], bytes: number): Evidence[] {
  const pages = bytes / PAGE_BYTES;
  const perPage = (ms: number) => (Math.max(0, ms) * 1e6) / pages;
  // Shrinking clears what it gives back, which costs as much as a fill.
  const frame = ({ shrink, fill }: Round) => perPage(shrink.ms - fill.ms);
  const zeroing = ({ fill }: Round) => perPage(fill.ms);
  const taken = (phase: Phase, { warm }: Round) => perPage(phase.ms - warm.ms);
  const kinds: Record<FaultKind, { phase: (round: Round) => Phase; ns: (round: Round) => number }> = {
    zeroMap: { phase: (round) => round.read, ns: (round) => taken(round.read, round) },
    zeroFill: {
      phase: (round) => round.write,
      ns: (round) => taken(round.write, round) + frame(round) - zeroing(round),
    },
    copyOnWrite: {
      phase: (round) => round.copy,
      ns: (round) => taken(round.copy, round) + frame(round) - zeroing(round),
    },
  };
  return FAULT_KINDS.map((kind) => {
    const { phase, ns } = kinds[kind];
    const faults = median(rounds.map((round) => phase(round).faults));
    const figure = `fault.${kind}`;
    if (Math.abs(faults - pages) <= STRAY * pages) return measured(figure, rounds.map(ns));
    const why = `${faults} faults, though ${pages} pages were touched`;
    return { figure, how: "assumed", ns: linuxVm.ns.fault[kind], why };
  });
}

function clearingEvidence(rounds: readonly Round[], bytes: number): Evidence[] {
  const clearing = measured(
    "zeroedByte.allocator",
    rounds.map(({ fill }) => (fill.ms * 1e6) / bytes),
  );
  const why = "as fast as the allocator's zeroing; the rest of a fault is not zeroing";
  return [clearing, { figure: "zeroedByte.kernel", how: "assumed", ns: clearing.ns, why }];
}

const ASSUMED: readonly Evidence[] = (["syscall", "walkedPage"] as const).map((figure) => ({
  figure: `${figure}.*`,
  how: "assumed",
  ns: linuxVm.ns[figure].madviseDontneed,
  why: `JavaScript cannot make these calls; the figures of ${linuxVm.name}, one for each call (shown: madvise)`,
}));

function measured(figure: string, samples: readonly number[]): Evidence {
  const ns = Math.max(0, median(samples));
  const spread = ns === 0 ? 0 : (quantile(samples, 0.75) - quantile(samples, 0.25)) / ns;
  return { figure, how: "measured", ns, spread, rounds: samples.length };
}

function figuresOf(evidence: readonly Evidence[]): Pick<CostFigures, "fault" | "zeroedByte"> {
  const of = (figure: string) => (evidence.find((one) => one.figure === figure) as Evidence).ns;
  return {
    fault: recordOf(FAULT_KINDS, (kind) => of(`fault.${kind}`)),
    zeroedByte: { kernel: of("zeroedByte.kernel"), allocator: of("zeroedByte.allocator") },
  };
}
