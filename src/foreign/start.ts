/** Functions a module wants to be run, once and in this order, before it is used. */
import { ModuleTrap, ZeropageError } from "../base/errors.js";
import { trapOf } from "./explain.js";

/** Position independent code first corrects its own data. Constructors run by themselves only where there is no `_initialize`. */
const START_FUNCTIONS = ["__wasm_apply_data_relocs", ["_initialize", "__wasm_call_ctors"]] as const;

/** One of them. `run` throws ModuleTrap with its name. */
export interface StartStep {
  name: string;
  run(): void;
}

/** Those that a module has. */
export function startSteps(exports: WebAssembly.Exports): StartStep[] {
  const names = START_FUNCTIONS.map((step) =>
    [step].flat().find((name) => typeof exports[name] === "function"),
  );
  const present = names.filter((name) => name !== undefined);
  return present.map((name) => ({ name, run: () => runStart(name, exports[name] as () => void) }));
}

function runStart(name: string, start: () => void): void {
  try {
    start();
  } catch (cause) {
    const { message } = cause instanceof ZeropageError ? cause : trapOf(cause, "the module");
    throw new ModuleTrap(`in its ${name} ${message}`, { cause });
  }
}
