/**
 * Finds the functions of a module's allocators: among its exports, among the names that it keeps for debuggers, by
 * what those without names do (unnamed.ts), or where the user says. Several that call each other may be found: calls within a
 * call are not counted.
 */

import { ModuleError } from "../../base/errors.js";
import { joinWords } from "../../base/numbers.js";
import type { Convention, FunctionNames, Role } from "../../foreign/conventions.js";
import { C_LIBRARY, FAMILIES } from "../../foreign/families.js";
import { match } from "../../foreign/find.js";
import { fits, signature } from "../../foreign/signatures.js";
import type { Extern } from "../../wasm/inspect.js";
import { FORMS, type Form } from "./forms.js";
import type { KnownFunctions } from "./functions.js";
import { calledByBindgen, calledOf, knownByShape, type Unnamed } from "./unnamed.js";

/**
 * The functions a user names: by a name, of an export or for debuggers, or by number, imported ones counted.
 *
 * @useDeclaredType
 */
export type RecordedNames = Partial<Record<Role, string | number>>;

/** A function of an allocator. */
export interface Found {
  index: number;
  role: Role;
  convention: Convention;
  form: Form;
  /** How it was found, for people: its name. */
  name: string;
}

/** What is said of the names of a module's functions. */
export interface Naming {
  /** By the user, and how these functions are called. Default: as C's. */
  given?: RecordedNames | undefined;
  convention?: Convention | undefined;
  /** Short names of C's functions among the exports, as the JavaScript beside the module has them. */
  short?: FunctionNames | undefined;
  /** Whether Emscripten made names short. */
  isMinified?: boolean;
}

/** @throws ModuleError where nothing is found that allocates, or where what the user names is not there. */
export function findAllocators(module: KnownFunctions, naming: Naming = {}): Found[] {
  const { given = {}, convention = "c", short = {}, isMinified = false } = naming;
  const named = [...namedFunctions(module)];
  const called = named.length ? [] : calledByBindgen(module);
  const apparent = [
    ...givenFunctions(module, given, convention),
    ...shortFunctions(module, short),
    ...[...exportedFunctions(module), ...named, ...foundBy(called)],
  ];
  const known = unique(apparent.flatMap((one) => [one, ...forwarded(module, one)]));
  const found = unique([...known, ...(named.length ? [] : foundBy(knownByShape(module, known)))]);
  const has = (role: Role) => found.some((one) => one.role === role);
  if (has("malloc") && has("free")) return found;
  throw new ModuleError(isMinified ? MINIFIED : NOT_FOUND);
}

const NOT_FOUND =
  'no allocator is found among its exports and names: compile with names (emcc --profiling-funcs, clang -Xclang -O2 in place of -O2, cargo with debug = 1, asc --debug), or give functions: { malloc: "name" or a number, free: … } or, on the command line, FILE.wasm:malloc=NAME:free=NUMBER';
const MINIFIED =
  'no allocator is found, as Emscripten made all names short: give the text of the JavaScript beside it (glue of recordModule), or what that has for _malloc and _free, as in functions: { malloc: "f", free: "g" }; if it has none, link with --profiling-funcs, or with -sEXPORTED_FUNCTIONS=_malloc,_free and what else is exported';

/**
 * The function that clears memory where no instruction does, memset(address, value, bytes): by its name, or by what it does,
 * if one alone does that. What it clears is looked at before.
 */
export function findMemset({ names, types, exports, fills, isMemset }: KnownFunctions): number | undefined {
  const isOne = (index: number) => types[index] !== undefined && fits(types[index], "iii>i") && !fills(index);
  for (const [index, name] of names) if (name === "memset" && isOne(index)) return index;
  const exported = exports.find(({ name, index }) => name === "memset" && isOne(index));
  if (exported) return exported.index;
  const alike = [...types.keys()].filter((index) => isOne(index) && isMemset(index));
  return alike.length === 1 ? alike[0] : undefined;
}

function* shortFunctions({ exports }: KnownFunctions, short: FunctionNames): Generator<Found> {
  for (const [role, name] of Object.entries(short)) {
    const index = exports.find((one) => one.name === name)?.index;
    if (index !== undefined) yield* formed("c", role as Role, index, name);
  }
}

/** What stands behind a function that only calls it; others may call it directly. */
function* forwarded(module: KnownFunctions, found: Found): Generator<Found> {
  let index = module.forwards(found.index);
  for (let steps = 0; index !== undefined && steps < MOST_STEPS; steps++) {
    if (!fits(module.types[index], found.form.signature)) return;
    yield { ...found, index, name: module.names.get(index) ?? calledOf(found.name) };
    index = module.forwards(index);
  }
}

/** Functions that call each other in a circle have no end. */
const MOST_STEPS = 4;

/** Each function once: as what it was found first. */
function unique(found: readonly Found[]): Found[] {
  return found.filter(({ index }, i) => found.findIndex((one) => one.index === index) === i);
}

function* exportedFunctions({ exports, types }: KnownFunctions): Generator<Found> {
  const externs = exports.map(({ name, index }) => ({ name, kind: "function" as const, type: types[index] }));
  const usable = externs.filter(({ type }) => type !== undefined) as Extern[];
  let foundC = false;
  for (const family of FAMILIES) {
    const roles = match(usable, family);
    // Names such as `alloc` are the allocator's only where there is no other.
    const isWhole = roles.malloc !== undefined && roles.free !== undefined;
    if (!isWhole || (foundC && family.convention === "c")) continue;
    if (family === C_LIBRARY) foundC = true;
    for (const [role, name] of Object.entries(roles)) {
      const index = exports.find((one) => one.name === name)?.index as number;
      yield* formed(family.convention, role as Role, index, name);
    }
  }
}

/** What compilers write before and after the names of a language's own functions. */
const LIBRARY_NAME = /^~lib\/rt\/\w+\//;
/** By which C's allocators tell their functions from those of others, beside malloc's own names. */
const PREFIX =
  /^(dl|mi_|emmalloc_|emscripten_builtin_|__libc_)(?=(malloc|calloc|realloc|free|memalign|posix_memalign|aligned_alloc)$)/;
const HASH = /::h[0-9a-f]{16}$|\.command_export$/;

/** Those with the name of a function of C, of Rust or of AssemblyScript's runtime. */
function* namedFunctions({ names, types }: KnownFunctions): Generator<Found> {
  for (const [index, name] of names) {
    const isAssemblyScript = LIBRARY_NAME.test(name);
    const plain = name
      .replace(LIBRARY_NAME, "")
      .replace(HASH, "")
      .replace(/^(.*::)?(?=__rust_)/, "")
      .replace(PREFIX, "");
    for (const family of FAMILIES) {
      const isHeap = family.convention === "c" && family !== C_LIBRARY;
      if (isHeap ? !isAssemblyScript : family.convention !== "rust" && family !== C_LIBRARY) continue;
      for (const [role, [pattern, wanted]] of Object.entries(family.roles)) {
        if (!pattern.test(plain) || !types[index] || !fits(types[index], wanted)) continue;
        yield* formed(family.convention, role as Role, index, name);
      }
    }
  }
}

function* foundBy(functions: Iterable<Unnamed>): Generator<Found> {
  for (const { convention, role, index, name } of functions) yield* formed(convention, role, index, name);
}

function* formed(convention: Convention, role: Role, index: number, name: string): Generator<Found> {
  const form = FORMS[convention][role];
  if (form) yield { index, role, convention, form, name };
}

function givenFunctions(module: KnownFunctions, given: RecordedNames, convention: Convention): Found[] {
  const forms = FORMS[convention];
  return Object.entries(given).map(([role, name]) => {
    const form = forms[role as Role];
    if (!form) {
      const roles = joinWords(Object.keys(forms)) || "none";
      throw new ModuleError(
        `${role} is nothing that is recorded of the convention "${convention}": there are ${roles}`,
      );
    }
    const index = typeof name === "number" ? name : indexOf(module, name);
    const type = index === undefined ? undefined : module.types[index];
    if (index === undefined || !type) {
      throw new ModuleError(
        `${role}: there is no function ${typeof name === "number" ? name : `"${name}"`} in the module`,
      );
    }
    if (!fits(type, form.signature)) {
      throw new ModuleError(
        `${role}: function ${name} is of type ${signature(type)}, not ${form.signature}: name another, or another convention`,
      );
    }
    return { index, role: role as Role, convention, form, name: String(name) };
  });
}

function indexOf({ exports, names }: KnownFunctions, wanted: string): number | undefined {
  const exported = exports.find(({ name }) => name === wanted);
  if (exported) return exported.index;
  for (const [index, name] of names) if (name === wanted) return index;
  return undefined;
}
