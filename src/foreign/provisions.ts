/** Which of an allocator's functions a module has itself, and what the others are composed of (assembly/face.ts). */
import type { FoundFunctions, Role } from "./conventions.js";

/** A function of the module, or what it is made of. */
export type Provision = { native: string } | { composed: string };

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
      : provide(functions.posixAligned ? "posixAligned" : "aligned", "a larger malloc"),
    usableSize: provide("usableSize", "the size that was asked for"),
  };
}

/** Of calloc, realloc and aligned allocation those the module does not do itself. */
export function composedParts(provisions: Record<string, Provision>) {
  const parts = ["calloc", "realloc", "aligned", "usableSize"] as const;
  return parts.filter((part) => "composed" in (provisions[part] ?? {}));
}
