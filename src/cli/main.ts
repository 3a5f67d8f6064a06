#!/usr/bin/env node
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { checkModule } from "../foreign/check.js";
import { machineOptions, models } from "../models.js";
import { findCrossover, runCallocFix } from "../scenarios/calloc-fixes.js";
import { runCallocLoop } from "../scenarios/calloc-loop.js";
import { findCliffs } from "../scenarios/cliffs.js";
import { runIterContent } from "../scenarios/iter-content.js";
import { profileCallocLoop, profileTrace } from "../scenarios/profile.js";
import { replayTrace } from "../scenarios/replay-trace.js";
import { readTrace } from "../trace/read.js";
import { calibrateHere } from "./calibrate.js";
import { EXIT, reportError } from "./exit.js";
import { runCommandLine } from "./program.js";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read our output has gone (`zeropage … | head`): there is nobody to tell.
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
  library: {
    models,
    machineOptions,
    runCallocLoop,
    runIterContent,
    runCallocFix,
    findCrossover,
    findCliffs,
    replayTrace,
    profileCallocLoop,
    profileTrace,
    readTrace,
    checkModule,
    calibrate: calibrateHere,
  },
  page: {
    folder: new URL("../web/", import.meta.url),
    untilStopped: () => Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]),
  },
});
