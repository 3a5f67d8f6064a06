#!/usr/bin/env node
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { machineOptions, models } from "../sandbox/models.js";
import { EXIT, reportError } from "./exit.js";
import { cpuName, runtimeName } from "./host.js";
import { runCommandLine } from "./program.js";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader of our output has ended (`zeropage … | head`): nobody is left to tell.
  if (error.code === "EPIPE") return;
  reportError(error, process, "cannot write the output");
  process.exit(EXIT.failed);
});
process.stderr.on("error", () => {});

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  get stdin() {
    return process.stdin;
  },
  env: process.env,
  version,
  description: `${cpuName()} × ${cpus().length}, ${runtimeName()}`,
  onInterrupt(stop) {
    process.once("SIGINT", stop);
    return () => process.off("SIGINT", stop);
  },
  library: {
    models,
    machineOptions,
    // Loaded once they are asked for: most commands need few of them.
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
  },
  page: {
    folder: new URL("../web/", import.meta.url),
    untilStopped: () => Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]),
  },
});
