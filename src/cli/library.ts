/**
 * What the command line needs of the library: handed in, so that tests can hand in fakes.
 */

import type { Calibration, CalibrationSettings } from "../costs/calibrate.js";
import type { findCrossover, runCallocFix } from "../experiments/calloc-fixes/run.js";
import type { runIterContent } from "../experiments/iter-content/run.js";
import type { profileCallocLoop, profileTrace } from "../experiments/profile/run.js";
import type { checkModule } from "../jail/check.js";
import type { scenariosInJail } from "../jail/scenarios.js";
import type * as registry from "../sandbox/models.js";
import type { readTrace } from "../trace/read.js";

export type OptionInfo = registry.OptionInfo;
export type ModelInfo = Pick<registry.ModelInfo, "name" | "summary" | "kernel" | "options">;

/** The models there are, and the options that every one of them takes. */
export interface Catalogue {
  models: readonly ModelInfo[];
  machineOptions: readonly OptionInfo[];
}

export interface Library extends Catalogue {
  /** Those that run on modules too. */
  scenariosInJail: typeof scenariosInJail;
  runIterContent: typeof runIterContent;
  runCallocFix: typeof runCallocFix;
  findCrossover: typeof findCrossover;
  profileCallocLoop: typeof profileCallocLoop;
  profileTrace: typeof profileTrace;
  readTrace: typeof readTrace;
  checkModule: typeof checkModule;
  /** Measures this host. */
  calibrate(settings: CalibrationSettings): Calibration;
}
