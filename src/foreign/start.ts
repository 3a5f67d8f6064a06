/** Functions a module wants to be run, once and in this order, before it is used. */
import { ModuleTrap, ZeropageError } from "../base/errors.js";
import { trapOf } from "./explain.js";

/** Position independent code first corrects its own data. Constructors run by themselves only where there is no `_initialize`. */
const START_FUNCTIONS = ["__wasm_apply_data_relocs", ["_initialize", "__wasm_call_ctors"]] as const;

/** Runs them. Returns the names of those there were. @throws ModuleTrap naming the one that trapped. */
export function startUp(exports: WebAssembly.Exports): string[] {
  const names = START_FUNCTIONS.map((step) =>
    [step].flat().find((name) => typeof exports[name] === "function"),
  );
  const present = names.filter((name) => name !== undefined);
  for (const name of present) runStart(name, exports[name] as () => void);
  return present;
}

function runStart(name: string, start: () => void): void {
  try {
    start();
  } catch (cause) {
    const { message } = cause instanceof ZeropageError ? cause : trapOf(cause, "the module");
    throw new ModuleTrap(`in its ${name} ${message}`, { cause });
  }
}

/** What can be asked of an allocator that nobody uses yet. */
export interface Probe {
  malloc(bytes: number): number;
  memoryBytes(): number;
}

const REMEDY = "link it as a reactor (clang: -mexec-model=reactor; emcc: --no-entry)";

/** What is wrong with a module that says so itself (inspect.ts). */
export const RESTARTING = `every export first calls one and the same function, as where the linker has each call run the module's constructors: an allocator that these set up begins anew each time; ${REMEDY}`;

const PROBES = 4;
const PROBE_BYTES = 24;

/**
 * What is wrong with an instance, made for this question alone, that runs its constructors on each
 * call: its allocator begins anew each time.
 */
export function probeReruns({ malloc, memoryBytes }: Probe): string[] {
  const addresses = new Set<number>();
  let growths = 0;
  for (let i = 0; i < PROBES; i++) {
    const before = memoryBytes();
    addresses.add(malloc(PROBE_BYTES));
    if (memoryBytes() > before) growths++;
  }
  if (addresses.size === 1 && !addresses.has(0)) {
    return [
      `every malloc returns the same address, as where a module runs its constructors on each call; ${REMEDY}`,
    ];
  }
  if (growths < PROBES) return [];
  return [`memory grows on every call: the module may run its constructors each time; ${REMEDY}`];
}
