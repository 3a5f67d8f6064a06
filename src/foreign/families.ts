/**
 * Finds an allocator among a module's exports: by the names each family of compilers gives, or by names
 * the user gives. What is not there is composed of what is (assembly/face.ts).
 */
import { ModuleError } from "../base/errors.js";
import type { Extern, FunctionType } from "../wasm/inspect.js";

/** How the functions are called; the order of assembly/face.ts. */
export const CONVENTIONS = ["c", "sized", "bindgen", "rust", "managed"] as const;
export type Convention = (typeof CONVENTIONS)[number];

/**
 * What an allocator can do. `posixAligned`, which takes any size, is called before `aligned`; that is asked for
 * multiples of the alignment, as C11 wants it. `pin` is AssemblyScript's.
 */
export const ROLES = [
  "malloc",
  "calloc",
  "realloc",
  "free",
  "aligned",
  "posixAligned",
  "usableSize",
  "pin",
] as const;
export type Role = (typeof ROLES)[number];

/** Names of exports by what they do. */
export type FunctionNames = Partial<Record<Role, string>>;

/** A function of the module, or what it is made of. */
export type Provision = { native: string } | { composed: string };

export interface AllocatorFunctions {
  convention: Convention;
  functions: FunctionNames;
}

interface Family {
  convention: Convention;
  /** Patterns of export names, and of signatures: i for i32. */
  roles: Partial<Record<Role, [name: RegExp, signature: string]>>;
}

const C_LIBRARY: Family = {
  convention: "c",
  roles: {
    malloc: [/^_?malloc$/, "i>i"],
    calloc: [/^_?calloc$/, "ii>i"],
    realloc: [/^_?realloc$/, "ii>i"],
    free: [/^_?free$/, "i>"],
    aligned: [/^_?(aligned_alloc|memalign)$/, "ii>i"],
    posixAligned: [/^_?posix_memalign$/, "iii>i"],
    usableSize: [/^_?malloc_usable_size$/, "i>i"],
  },
};

/** Tried in this order. The C face of a module stands before others that it may have beside. */
const FAMILIES: readonly Family[] = [
  C_LIBRARY,
  {
    // AssemblyScript's heap, re-exported: alloc, heap.alloc or __alloc
    convention: "c",
    roles: {
      malloc: [/^(heap\.|__)?alloc$/, "i>i"],
      realloc: [/^(heap\.|__)?realloc$/, "ii>i"],
      free: [/^(heap\.|__)?free$/, "i>"],
    },
  },
  {
    // Mangled or not: _RNvCs…_7___rustc12___rust_alloc
    convention: "rust",
    roles: {
      malloc: [/__rust_alloc$/, "ii>i"],
      calloc: [/__rust_alloc_zeroed$/, "ii>i"],
      realloc: [/__rust_realloc$/, "iiii>i"],
      free: [/__rust_dealloc$/, "iii>"],
    },
  },
  {
    // Newer wasm-bindgen numbers its exports: __wbindgen_export_0, __wbindgen_export2
    convention: "bindgen",
    roles: {
      malloc: [/^__wbindgen_(malloc|export_?\d*)$/, "ii>i"],
      realloc: [/^__wbindgen_(realloc|export_?\d*)$/, "iiii>i"],
      free: [/^__wbindgen_(free|export_?\d*)$/, "iii>"],
    },
  },
  {
    convention: "sized",
    roles: {
      malloc: [/^__wbindgen_malloc$/, "i>i"],
      realloc: [/^__wbindgen_realloc$/, "iii>i"],
      free: [/^__wbindgen_free$/, "ii>"],
    },
  },
  {
    convention: "managed",
    roles: {
      malloc: [/^__new$/, "ii>i"],
      realloc: [/^__renew$/, "ii>i"],
      pin: [/^__pin$/, "i>i"],
      free: [/^__unpin$/, "i>"],
    },
  },
];

/** Which of the families a user's names follow, where they do not say. */
const DEFAULT_CONVENTION: Convention = "c";

/**
 * The allocator a module exports.
 * @throws ModuleError when there is none, naming what there is.
 */
export function findAllocator(
  exports: readonly Extern[],
  names?: FunctionNames,
  convention?: Convention,
): AllocatorFunctions {
  const functions = exports.filter(({ kind }) => kind === "function");
  if (names) return namedAllocator(functions, names, convention ?? DEFAULT_CONVENTION);
  for (const family of FAMILIES) {
    if (convention && family.convention !== convention) continue;
    const found = match(functions, family);
    if (found.malloc && found.free) return { convention: family.convention, functions: found };
  }
  const odd = misfits(exports).map((misfit) => `; ${misfit}`);
  throw new ModuleError(
    `no allocator among its exports (${list(functions)})${odd.join("")}: name them, as in functions: { malloc: "take", free: "give" } or, on the command line, FILE.wasm:malloc=take:free=give`,
  );
}

/** Of the exports with names of C's library those of another type, which are not used, each in words. */
export function misfits(exports: readonly Extern[]): string[] {
  const wanted = Object.values(C_LIBRARY.roles);
  return exports.flatMap(({ name, kind, type }) => {
    const role = wanted.find(([pattern]) => kind === "function" && pattern.test(name));
    if (!role || fits(type, role[1])) return [];
    return [`its ${name} is of type ${signature(type)}, not ${role[1]}`];
  });
}

function match(functions: readonly Extern[], { roles }: Family): FunctionNames {
  const found: FunctionNames = {};
  for (const [role, [name, wanted]] of Object.entries(roles)) {
    const fitting = functions.find((one) => name.test(one.name) && fits(one.type, wanted));
    if (fitting) found[role as Role] = fitting.name;
  }
  return found;
}

function namedAllocator(
  functions: readonly Extern[],
  names: FunctionNames,
  convention: Convention,
): AllocatorFunctions {
  if (!names.malloc || !names.free) throw new ModuleError("functions must name malloc and free at least");
  const roles = FAMILIES.find((family) => family.convention === convention)?.roles ?? {};
  for (const [role, name] of Object.entries(names))
    checkNamed(functions, name, role, roles[role as Role]?.[1]);
  return { convention, functions: names };
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

const letter: Record<string, string> = { i32: "i", i64: "l", f32: "f", f64: "d" };

/** As "ii>i": two i32 in, one out. */
function signature(type?: FunctionType): string {
  const letters = (types: readonly string[]) => types.map((one) => letter[one] ?? "?").join("");
  return type ? `${letters(type.params)}>${letters(type.results)}` : "?";
}

/** Of a module that was compiled before, types are not known; linking it will tell. */
function fits(type: FunctionType | undefined, wanted: string): boolean {
  return !type || signature(type) === wanted;
}

function list(functions: readonly Extern[]): string {
  const names = functions.slice(0, 20).map(({ name }) => name);
  return `${names.join(", ") || "none"}${functions.length > 20 ? ", …" : ""}`;
}

/** What the module does itself and what is made of it, for people. */
export function describeProvisions({ convention, functions }: AllocatorFunctions): Record<string, Provision> {
  const provide = (role: Role, composed: string): Provision => {
    const name = functions[role];
    return name ? { native: name } : { composed };
  };
  const { malloc, free } = functions as { malloc: string; free: string };
  const byNature = convention === "bindgen" || convention === "rust";
  return {
    malloc: { native: malloc },
    free: { native: free },
    calloc: provide("calloc", "malloc, then fill"),
    realloc: provide("realloc", "malloc, copy, free"),
    aligned: byNature
      ? { native: malloc }
      : provide(functions.posixAligned ? "posixAligned" : "aligned", "a larger malloc"),
    usableSize: provide("usableSize", "the size that was asked for"),
  };
}

/** Of calloc, realloc and aligned allocation those the module does not do itself. */
export function composedParts(provisions: Record<string, Provision>) {
  const parts = ["calloc", "realloc", "aligned", "usableSize"] as const;
  return parts.filter((part) => "composed" in (provisions[part] ?? {}));
}
