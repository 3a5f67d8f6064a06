/** What the command line needs of the library. It is passed in, so that tests can pass in fakes. */

import type { Calibration, CalibrationSettings } from "../costs/calibrate.js";
import type { Experiment, Functions } from "../experiments/experiment.js";
import type { profileCallocLoop, profileTrace } from "../experiments/profile/run.js";
import type { profileSites } from "../experiments/profile/sites.js";
import type { fuzzModel } from "../fuzz/models.js";
import type { checkModule } from "../jail/check.js";
import type { fuzzModule } from "../jail/fuzz.js";
import type { replayInJail } from "../jail/replay.js";
import type { JailLimits } from "../jail/scenarios.js";
import type { recordProgram } from "../record/native/record.js";
import type * as registry from "../sandbox/models.js";
import type { readTrace } from "../trace/read.js";

export type OptionInfo = registry.OptionInfo;
export type ModelInfo = Pick<
  registry.ModelInfo,
  | "name"
  | "summary"
  | "kernel"
  | "hasPlacement"
  | "hasHugePages"
  | "options"
  | "sureness"
  | "layers"
  | "onRequest"
>;

/** All models, and the options of their machines. */
export interface Catalogue {
  models: readonly ModelInfo[];
  machineOptions: readonly OptionInfo[];
}

export interface Library extends Catalogue {
  /** The functions of an experiment. Those of one that takes modules run each module in a jail. */
  functionsOf<L extends Functions>(
    experiment: Pick<Experiment, "takes"> & { functions: L },
    limits: JailLimits,
  ): Promise<L>;
  profileCallocLoop: typeof profileCallocLoop;
  profileTrace: typeof profileTrace;
  profileSites: typeof profileSites;
  readTrace: typeof readTrace;
  checkModule: typeof checkModule;
  replayInJail: typeof replayInJail;
  fuzzModule: typeof fuzzModule;
  fuzzModel: typeof fuzzModel;
  recordProgram: typeof recordProgram;
  /** Measures this host. */
  calibrate(settings: CalibrationSettings): Promise<Calibration>;
}
