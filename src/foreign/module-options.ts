/** The options of a module in the flat form of a model's: what command lines take and results have. */
import { OptionError } from "../base/errors.js";
import { CONVENTIONS, type Convention, type FunctionNames, ROLES } from "./conventions.js";
import type { WasmOptions } from "./options.js";

/** Their names: the module's names of the functions that are not found by themselves, and how these are called. */
export const MODULE_OPTIONS = [...ROLES, "convention"] as const;

/**
 * How to open a module with these options. What it imports that is not known is linked to traps.
 * @throws OptionError for one that there is not, or a convention there is none of.
 */
export function moduleOptions(
  options: Readonly<Record<string, unknown>>,
): Pick<WasmOptions, "functions" | "convention" | "unknownImports"> {
  const known: readonly string[] = MODULE_OPTIONS;
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new OptionError(`a wasm module has no option "${unknown}"; it takes ${known.join(", ")}`);
  }
  const { convention, ...functions } = options;
  if (convention !== undefined && !CONVENTIONS.includes(convention as Convention)) {
    throw new OptionError(`convention takes one of ${CONVENTIONS.join(", ")}; got ${convention}`);
  }
  return {
    unknownImports: "trap",
    ...(Object.keys(functions).length > 0 && { functions: functions as FunctionNames }),
    ...(convention !== undefined && { convention: convention as Convention }),
  };
}
