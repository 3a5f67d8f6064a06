import { callocFixes } from "./calloc-fixes/experiment.js";
import { callocLoop } from "./calloc-loop/experiment.js";
import { cinnabar } from "./cinnabar/experiment.js";
import { cliffs } from "./cliffs/experiment.js";
import type { Experiment } from "./experiment.js";
import { fork } from "./fork/experiment.js";
import { huge } from "./huge/experiment.js";
import { idleZeroing } from "./idle-zeroing/experiment.js";
import { iterContent } from "./iter-content/experiment.js";
import { luajit } from "./luajit/experiment.js";
import { pattern } from "./pattern/experiment.js";
import { serveFile } from "./serve-file/experiment.js";
import { sockets } from "./sockets/experiment.js";

/** Every experiment that is a command of its own, in the order of help. */
export const experiments: readonly Experiment[] = [
  callocLoop,
  iterContent,
  callocFixes,
  idleZeroing,
  pattern,
  cinnabar,
  fork,
  serveFile,
  luajit,
  sockets,
  huge,
  cliffs,
];
