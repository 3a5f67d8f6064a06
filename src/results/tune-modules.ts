import type { Ratio } from "../base/statistics.js";
import type { OptionValues, Parameters } from "./run.js";
import type { TuneEnd } from "./tune.js";

/** What a wasm module comes to on a trace. The same on every host. */
export interface ModuleFigures {
  /** Bytes of its memory at its largest, which it stays at: no memory of WebAssembly shrinks. */
  memory: number;
  /** Bytes of the pages of 4 KiB of it that are touched. */
  touched: number;
  /** Bytes that the allocator set to zero, and those of them that read as zero before. */
  zeroed: number;
  needless: number;
}

/** A wasm module, and what became of it. */
export interface ModuleTuneResult {
  /** Its name. */
  allocator: string;
  options: OptionValues;
  /** Size of the module in bytes. */
  bytes: number;
  outcome: /** Figures for each trace; `resident` is a part of what the baseline comes to, null where that has no figures. */
    | { state: "done"; figures: ModuleFigures[]; resident: number | null }
    /** What it did not come through, or why its pages cannot be counted. */
    | { state: "failed"; message: string };
  notes?: string[];
}

/** Which wasm allocator, for this program? Memory is exact; time was measured, and stands by itself. */
export interface ModuleTuneReport {
  scenario: "tune-modules";
  parameters: Parameters;
  traces: { name: string; operations: number; threads?: number }[];
  ended: Extract<TuneEnd, "converged" | "time" | "interrupted">;
  /** In the order in which they were named. The first is the baseline. */
  results: ModuleTuneResult[];
  /** What differs from host to host, and from run to run. */
  measured: {
    host: string;
    /**
     * For each result the time of further passes as a part of the baseline's, of several traces the geometric mean, with its
     * 95 % interval; null where that was not measured.
     */
    times: (Ratio | null)[];
  };
  /** The places of those that none surpasses in both memory and time, the least time first. */
  front: number[];
  /** None if nothing may be recommended. */
  recommendation: { result: number; isBaseline: boolean; ways: string[] } | null;
}
