#!/usr/bin/env node
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { EXIT, reportError } from "./exit.js";
import { cpuName, runtimeName } from "./host.js";
import { runCommandLine } from "./program.js";
import { wholeLibrary } from "./whole-library.js";

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
  library: wholeLibrary,
  page: {
    folder: new URL("../web/", import.meta.url),
    untilStopped: () => Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]),
  },
});
