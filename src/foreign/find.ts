/** Finds an allocator's functions among a module's exports: by the names of a family, or by names the user gives. */
import { ModuleError } from "../base/errors.js";
import type { Extern, ModuleShape } from "../wasm/inspect.js";
import type { Convention, FoundFunctions, FunctionNames, Role } from "./conventions.js";
import { C_LIBRARY, FAMILIES, type Family } from "./families.js";
import { narrowShape } from "./memory-limits.js";
import { isMinified } from "./minified.js";
import { fits, signature } from "./signatures.js";

/** Which of the families a user's names follow, where they do not say. */
const DEFAULT_CONVENTION: Convention = "c";

/**
 * The functions of the allocator that a module exports.
 * @throws ModuleError when there is none, naming what there is.
 */
export function findFunctions(
  shape: Pick<ModuleShape, "imports" | "exports">,
  names?: FunctionNames,
  convention?: Convention,
): FoundFunctions {
  const { exports } = narrowShape(shape);
  const functions = exports.filter(({ kind }) => kind === "function");
  if (names) return namedFunctions(functions, names, convention ?? DEFAULT_CONVENTION);
  for (const family of FAMILIES) {
    if (convention && family.convention !== convention) continue;
    const found = match(functions, family);
    if (found.malloc && found.free) return foundOf(family, found);
  }
  if (isMinified(shape)) throw new ModuleError(MINIFIED);
  const lonely = functions.find(({ name, type }) => MALLOC.test(name) && fits(type, "i>i"));
  if (lonely) {
    throw new ModuleError(
      `it exports ${lonely.name} and no free, so what it gives cannot come back: export free too, or name it, as in functions: { malloc: "${lonely.name}", free: "give" } or FILE.wasm:malloc=${lonely.name}:free=give`,
    );
  }
  const odd = misfits(exports).map((misfit) => `; ${misfit}`);
  throw new ModuleError(
    `no allocator among its exports (${list(functions)})${odd.join("")}: name them, as in functions: { malloc: "take", free: "give" } or, on the command line, FILE.wasm:malloc=take:free=give`,
  );
}

const MALLOC = /(^|_)malloc$/;

const MINIFIED =
  "no allocator by name, as Emscripten made all names short: give the JavaScript beside it (--glue FILE; glue of openWasmAllocator; on the page, drop it here), or write what that has for _malloc, _free and _emscripten_resize_heap, as in FILE.wasm:malloc=f:free=g:resize=a.b";

/** Of the exports with names of C's library those of another type, which are not used, each in words. */
export function misfits(exports: readonly Extern[]): string[] {
  const wanted = Object.values(C_LIBRARY.roles);
  return exports.flatMap(({ name, kind, type }) => {
    const role = wanted.find(([pattern]) => kind === "function" && pattern.test(name));
    if (!role || fits(type, role[1])) return [];
    return [`its ${name} is of type ${signature(type)}, not ${role[1]}`];
  });
}

/** The functions of a family among these. */
export function match(functions: readonly Extern[], { roles }: Family): FunctionNames {
  const found: FunctionNames = {};
  for (const [role, [name, wanted]] of Object.entries(roles)) {
    const fitting = functions.find((one) => name.test(one.name) && fits(one.type, wanted));
    if (fitting) found[role as Role] = fitting.name;
  }
  return found;
}

function namedFunctions(
  functions: readonly Extern[],
  names: FunctionNames,
  convention: Convention,
): FoundFunctions {
  const { malloc, free } = names;
  if (!malloc || !free) throw new ModuleError("functions must name malloc and free at least");
  const ofConvention = FAMILIES.filter((one) => one.convention === convention);
  const family = ofConvention.find((one) => one.roles.malloc?.[0].test(malloc)) ?? ofConvention[0];
  const roles = ofConvention[0]?.roles ?? {};
  for (const [role, name] of Object.entries(names))
    checkNamed(functions, name, role, roles[role as Role]?.[1]);
  return foundOf(family ?? { convention }, names);
}

function foundOf(
  { convention, endsByTrap }: Omit<Family, "roles">,
  functions: FunctionNames,
): FoundFunctions {
  return { convention, functions, ...(endsByTrap && { endsByTrap }) };
}

function checkNamed(functions: readonly Extern[], name: string, role: string, wanted?: string): void {
  if (wanted === undefined) throw new ModuleError(`${role} means nothing to this convention: leave it out`);
  const found = functions.find((one) => one.name === name);
  if (!found) throw new ModuleError(`${role}: there is no function "${name}" among ${list(functions)}`);
  if (fits(found.type, wanted)) return;
  throw new ModuleError(
    `${role}: "${name}" is of type ${signature(found.type)}, not ${wanted}: name another, or another convention`,
  );
}

function list(functions: readonly Extern[]): string {
  const names = functions.slice(0, 20).map(({ name }) => name);
  return `${names.join(", ") || "none"}${functions.length > 20 ? ", …" : ""}`;
}
