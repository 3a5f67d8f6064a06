/**
 * How a replay drives the allocator that was recorded: by what the module exports, and by number what it keeps to itself.
 * Without these a calloc or realloc would be composed of malloc and free, and give other addresses.
 */
import { ModuleError } from "../../base/errors.js";
import type { FoundFunctions, FunctionNames, Role } from "../../foreign/conventions.js";
import { findFunctions } from "../../foreign/find.js";
import type { WasmOptions } from "../../foreign/options.js";
import type { ModuleShape } from "../../wasm/inspect.js";
import type { Found, RecordedNames } from "./find.js";

/** What `openWasmAllocator` takes of how functions are called. */
export type DrivenBy = Required<Pick<WasmOptions, "functions" | "convention">>;

/** What else is known of names. */
interface Names {
  /** Of a module with short ones. */
  short: FunctionNames | undefined;
  /** What the user named, which is found first. */
  given: RecordedNames | undefined;
}

/** Null where no functions of one convention allocate and free. */
export function drivenBy(
  shape: ModuleShape,
  found: readonly Found[],
  { short, given = {} }: Names,
): DrivenBy | null {
  const exported = exportedBy(shape, short) ?? numbered(found);
  if (!exported) return null;
  const { convention, functions } = exported;
  const isBindgen = convention === "bindgen";
  const rustRealloc = isBindgen && !functions.realloc && numberOf(found, "realloc", "rust");
  // But for realloc both are called alike.
  if (rustRealloc)
    return { convention: "rust", functions: { ...zeroed(found), ...functions, realloc: rustRealloc } };
  const inside = convention === "c" ? rolesOf(found, "c") : zeroed(found);
  const named = Object.keys(given).map((role) => [role, numberOf(found, role as Role, convention)]);
  const said = Object.fromEntries(named.filter(([, name]) => name !== undefined));
  return { convention, functions: { ...inside, ...functions, ...said } };
}

function exportedBy(shape: ModuleShape, short: FunctionNames | undefined): FoundFunctions | undefined {
  try {
    return findFunctions(shape, short);
  } catch (error) {
    if (error instanceof ModuleError) return undefined;
    throw error;
  }
}

/** Those of the first convention that has malloc and free. */
function numbered(found: readonly Found[]): FoundFunctions | undefined {
  for (const { convention } of found) {
    const functions = rolesOf(found, convention);
    if (functions.malloc && functions.free) return { convention, functions };
  }
  return undefined;
}

/** alloc_zeroed is called alike by all of Rust's conventions. */
function zeroed(found: readonly Found[]): FunctionNames {
  const calloc = numberOf(found, "calloc", "rust");
  return calloc === undefined ? {} : { calloc };
}

function rolesOf(found: readonly Found[], convention: Found["convention"]): FunctionNames {
  const ofIt = found.filter((one) => one.convention === convention);
  return Object.fromEntries(ofIt.map(({ role }) => [role, numberOf(found, role, convention)]));
}

function numberOf(found: readonly Found[], role: Role, convention: Found["convention"]): string | undefined {
  const first = found.find((one) => one.role === role && one.convention === convention);
  return first && String(first.index);
}
