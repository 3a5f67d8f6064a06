import { machineOptions, models } from "../sandbox/models.js";
import type { Library } from "./library.js";

/** All that the command line needs, each loaded once it is asked for: most commands need little of it. */
export const wholeLibrary: Library = {
  models,
  machineOptions,
  async functionsOf({ functions, takes }, limits) {
    if (takes === "models") return functions;
    const { scenariosInJail } = await import("../jail/scenarios.js");
    return Object.assign({}, functions, scenariosInJail(limits));
  },
  profileCallocLoop: async (run) => (await import("../experiments/profile/run.js")).profileCallocLoop(run),
  profileTrace: async (run) => (await import("../experiments/profile/run.js")).profileTrace(run),
  profileSites: async (run) => (await import("../experiments/profile/sites.js")).profileSites(run),
  readTrace: async (...given) => (await import("../trace/read.js")).readTrace(...given),
  checkModule: async (...given) => (await import("../jail/check.js")).checkModule(...given),
  replayInJail: async (...given) => (await import("../jail/replay.js")).replayInJail(...given),
  fuzzModule: async (...given) => (await import("../jail/fuzz.js")).fuzzModule(...given),
  fuzzModel: async (...given) => (await import("../fuzz/models.js")).fuzzModel(...given),
  recordProgram: async (...given) => (await import("../record/native/record.js")).recordProgram(...given),
  calibrate: async (settings) => (await import("./calibrate.js")).calibrateHere(settings),
};
