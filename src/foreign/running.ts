import type { Meter } from "../meter/reading.js";
import type { HostImports } from "./imports.js";
import type { LinearMemory } from "./linear-memory.js";
import type { Linked } from "./link.js";

/** @internal One instance, linked and started. */
export interface Running {
  instance: WebAssembly.Instance;
  linked: Linked;
  memory: LinearMemory;
  meter: Meter | undefined;
  /** What the module was given, and whether the host refused it memory. */
  host: HostImports;
  started: string[];
}
