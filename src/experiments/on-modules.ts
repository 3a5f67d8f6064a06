import { runCallocLoop } from "./calloc-loop/run.js";
import { findCliffs } from "./cliffs/find.js";
import { replayTrace } from "./replay/run.js";

/** What runs on wasm modules too, and so in jail. */
export const onModules = { runCallocLoop, findCliffs, replayTrace };
