/** The options of a module in the flat form of a model's: what command lines take and results have. */
import { OptionError } from "../base/errors.js";
import { CONVENTIONS, type Convention, type FunctionNames, ROLES } from "./conventions.js";
import type { ImportNames } from "./minified.js";
import type { WasmOptions } from "./options.js";

/** Functions of a host that an allocator cannot do without, by the options that say which import each is. */
export const HOST_ROLES = {
  resize: "emscripten_resize_heap",
  memcpy: "_emscripten_memcpy_js",
  abort: "abort",
} as const;
type HostRole = keyof typeof HOST_ROLES;

/**
 * Their names: the module's names of the functions that are not found by themselves, how these are called, and which of
 * its imports (`a.b`) are a host's.
 */
export const MODULE_OPTIONS = [...ROLES, "convention", ...(Object.keys(HOST_ROLES) as HostRole[])] as const;

/**
 * How to open a module with these options. What it imports that is not known is linked to traps.
 * @throws OptionError for one that there is not, or a convention there is none of.
 */
export function moduleOptions(
  options: Readonly<Record<string, unknown>>,
): Pick<WasmOptions, "functions" | "convention" | "unknownImports" | "importNames"> {
  const known: readonly string[] = MODULE_OPTIONS;
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new OptionError(`a wasm module has no option "${unknown}"; it takes ${known.join(", ")}`);
  }
  const { convention, resize, memcpy, abort, ...functions } = options;
  if (convention !== undefined && !CONVENTIONS.includes(convention as Convention)) {
    throw new OptionError(`convention takes one of ${CONVENTIONS.join(", ")}; got ${convention}`);
  }
  const importNames = importNamesOf({ resize, memcpy, abort });
  return {
    unknownImports: "trap",
    ...(Object.keys(functions).length > 0 && { functions: functions as FunctionNames }),
    ...(convention !== undefined && { convention: convention as Convention }),
    ...(Object.keys(importNames).length > 0 && { importNames }),
  };
}

/** @throws OptionError for what names no import. */
function importNamesOf(roles: Record<HostRole, unknown>): ImportNames {
  const given = Object.entries(roles).filter(([, full]) => full !== undefined);
  return Object.fromEntries(
    given.map(([role, full]) => {
      if (/^[^.]+\../.test(String(full))) return [full, HOST_ROLES[role as HostRole]];
      throw new OptionError(`${role} takes an import with its module, as in ${role}=a.b; got ${full}`);
    }),
  );
}

/** The flat form of what the JavaScript beside a module says of it (glue.ts). */
export function flatNames(functions: FunctionNames, imports: ImportNames): Record<string, string> {
  const roles = Object.entries(HOST_ROLES).flatMap(([role, name]) => {
    const found = Object.entries(imports).find(([, known]) => sameFunction(known, name));
    return found ? [[role, found[0]]] : [];
  });
  return { ...functions, ...Object.fromEntries(roles) };
}

/** Releases of Emscripten name two of them differently. */
function sameFunction(known: string, name: string): boolean {
  const also: Record<string, readonly string[]> = {
    _emscripten_memcpy_js: ["emscripten_memcpy_js", "emscripten_memcpy_big"],
    abort: ["_abort_js"],
  };
  return known === name || (also[name] ?? []).includes(known);
}
