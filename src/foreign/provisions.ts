/** Which of an allocator's functions a module has itself, and what the others are composed of (assembly/face.ts). */
import type { FoundFunctions, FunctionNames, Role } from "./conventions.js";

/** A function of the module, or what it is made of. */
export type Provision = { native: string } | { composed: string };

/** What aligns, best first. */
const ALIGNERS = ["posixAligned", "memalign", "aligned"] as const;
export type Aligner = (typeof ALIGNERS)[number];

/** Those that a module has, in the order in which one is chosen. */
export const alignersOf = (functions: FunctionNames): Aligner[] =>
  ALIGNERS.filter((role) => functions[role] !== undefined);

/** What the module does itself and what is made of it, for people. */
export function describeProvisions({ convention, functions }: FoundFunctions): Record<string, Provision> {
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
      : provide(alignersOf(functions)[0] ?? "aligned", "a larger malloc"),
    usableSize: provide("usableSize", "the size that was asked for"),
  };
}

/** Of calloc, realloc and aligned allocation those the module does not do itself. */
export function composedParts(provisions: Record<string, Provision>) {
  const parts = ["calloc", "realloc", "aligned", "usableSize"] as const;
  return parts.filter((part) => "composed" in (provisions[part] ?? {}));
}
