/**
 * Functions of an allocator that have no names, as in most of what Rust's compiler makes for a release: they are known by who
 * calls them, and by what they do.
 */
import type { Convention, Role } from "../../foreign/conventions.js";
import { fits, signature } from "../../foreign/signatures.js";
import type { KnownFunctions } from "./functions.js";

/** A function, by what it does and how it is called. */
export interface Unnamed {
  convention: Convention;
  role: Role;
  index: number;
  name: string;
}

/** How a function without a name is called after one that calls it, and may have none either. */
export const calledOf = (caller: string) => (caller.startsWith("what ") ? caller : `what ${caller} calls`);

/**
 * What wasm-bindgen's exports call. They check what they are asked for, and call the allocator of Rust, whose functions
 * have no names in most files: alloc(bytes, align), or C's malloc and memalign(align, bytes) where that was inlined.
 */
export function* calledByBindgen({ exports, types, callees }: KnownFunctions): Generator<Unnamed> {
  for (const { name, index } of exports) {
    const role = /^__wbindgen_(malloc|realloc|free)$/.exec(name)?.[1] as Role | undefined;
    if (!role) continue;
    const called = callees(index).map((each) => ({ each, type: signature(types[each]) }));
    const one = (type: string) => {
      const fitting = called.filter((callee) => callee.type === type);
      return fitting.length === 1 ? fitting[0]?.each : undefined;
    };
    const plain = role === "malloc" ? one("i>i") : undefined;
    const shapes: [Convention, Role, string][] = [
      ["c", "malloc", "i>i"],
      plain === undefined ? ["rust", "malloc", "ii>i"] : ["c", "aligned", "ii>i"],
      ["rust", "realloc", "iiii>i"],
      ["c", "free", "i>"],
      ["sized", "free", "ii>"],
      ["rust", "free", "iii>"],
    ];
    for (const [convention, does, type] of shapes) {
      const callee = one(type);
      const isIt = does === role || (role === "malloc" && does === "aligned");
      if (isIt && callee !== undefined) yield { convention, role: does, index: callee, name: calledOf(name) };
    }
  }
}

/**
 * The realloc and the alloc_zeroed of Rust, which wasm-bindgen exports where a program wants them alone. Realloc changes blocks
 * in their place, so that it reads what malloc and free both keep at fixed addresses; alloc_zeroed calls malloc, and clears.
 *
 * @param known The functions of the allocator that are known: mallocs and frees.
 */
export function* knownByShape(
  module: KnownFunctions,
  known: readonly Pick<Unnamed, "role" | "index">[],
): Generator<Unnamed> {
  const of = (role: Role) => known.filter((one) => one.role === role).map(({ index }) => index);
  if (of("realloc").length === 0) {
    const kept = sharedStatics(module, of("malloc"), of("free"));
    const index = only(module, "iiii>i", (each) => meet(module.statics(each), kept) >= LEAST_SHARED);
    if (index !== undefined)
      yield { convention: "rust", role: "realloc", index, name: `realloc (function ${index})` };
  }
  const mallocs = new Set(of("malloc"));
  const memsets = memsetsOf(module);
  const index = only(module, "ii>i", (each) => module.givesZeroed(each, mallocs, memsets));
  if (index !== undefined)
    yield { convention: "rust", role: "calloc", index, name: `alloc_zeroed (function ${index})` };
}

/** Those that do what memset does, and those that only call these. */
function memsetsOf({ types, isMemset, forwards }: KnownFunctions): Set<number> {
  const fitting = [...types.keys()].filter((index) => fits(types[index], "iii>i"));
  return new Set(fitting.filter((index) => isMemset(index) || isMemset(forwards(index) ?? -1)));
}

/** One address may be anybody's, such as a flag that every function of a crate looks at. */
const LEAST_SHARED = 2;

/** The only function of a type of which something holds. */
function only(
  { types }: KnownFunctions,
  type: string,
  holds: (index: number) => boolean,
): number | undefined {
  const found = [...types.keys()].filter((index) => fits(types[index], type) && holds(index));
  return found.length === 1 ? found[0] : undefined;
}

/** The fixed addresses that both of two groups of functions read, or what these call. */
function sharedStatics(
  module: KnownFunctions,
  one: readonly number[],
  other: readonly number[],
): Set<number> {
  const [ones, others] = [one, other].map((group) => {
    const called = group.flatMap((index) => [index, ...module.callees(index)]);
    return new Set(called.flatMap((index) => [...module.statics(index)]));
  }) as [Set<number>, Set<number>];
  return new Set([...ones].filter((address) => others.has(address)));
}

const meet = (one: ReadonlySet<number>, other: ReadonlySet<number>): number =>
  [...one].filter((address) => other.has(address)).length;
