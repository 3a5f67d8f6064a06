import { runCallocLoop } from "./calloc-loop/run.js";
import { findCliffs } from "./cliffs/find.js";
import { replayTrace } from "./replay/run.js";

/** What runs on wasm modules too, and so in jail. */
export const onModules = {
  /** Benfield's loop. */
  runCallocLoop,
  /** The sizes at which its cost changes kind. */
  findCliffs,
  /** A trace of a real program. */
  replayTrace,
};
