/** What a function of an allocator is asked for, by its convention and what it does: where each number stands. */
import { EventKind } from "#shared/recorder";
import type { Convention, Role } from "../../foreign/conventions.js";

/** Stands for the number 1. */
export const ONE = "one";

/** Parameters by their numbers. What is not there is 0. */
export interface Form {
  kind: EventKind;
  /** Types of parameters and result, as signatures.ts writes them. */
  signature: string;
  pointer?: number;
  first?: number | typeof ONE;
  second?: number | typeof ONE;
  /** The parameter that says where the function puts its result, if it gives 0. */
  resultAt?: number;
}

const { Malloc, Calloc, Realloc, Free } = EventKind;

/** alloc_zeroed(bytes, align): a calloc has no place for the alignment. */
const ZEROED: Form = { kind: Calloc, signature: "ii>i", first: ONE, second: 0 };
/** A free that is told the size, which is 0 where nothing was allocated: the pointer is made up then. */
const SIZED = { pointer: 0, first: 1, second: ONE } as const;

/** `usableSize` and `pin` change nothing that a trace has. */
export const FORMS: Record<Convention, Partial<Record<Role, Form>>> = {
  c: {
    malloc: { kind: Malloc, signature: "i>i", first: 0 },
    calloc: { kind: Calloc, signature: "ii>i", first: 0, second: 1 },
    realloc: { kind: Realloc, signature: "ii>i", pointer: 0, first: 1 },
    free: { kind: Free, signature: "i>", pointer: 0 },
    aligned: { kind: Malloc, signature: "ii>i", first: 1, second: 0 },
    memalign: { kind: Malloc, signature: "ii>i", first: 1, second: 0 },
    posixAligned: { kind: Malloc, signature: "iii>i", first: 2, second: 1, resultAt: 0 },
  },
  sized: {
    malloc: { kind: Malloc, signature: "i>i", first: 0 },
    calloc: ZEROED,
    realloc: { kind: Realloc, signature: "iii>i", pointer: 0, first: 2 },
    free: { kind: Free, signature: "ii>", ...SIZED },
  },
  bindgen: {
    malloc: { kind: Malloc, signature: "ii>i", first: 0, second: 1 },
    calloc: ZEROED,
    realloc: { kind: Realloc, signature: "iiii>i", pointer: 0, first: 2 },
    free: { kind: Free, signature: "iii>", ...SIZED },
  },
  rust: {
    malloc: { kind: Malloc, signature: "ii>i", first: 0, second: 1 },
    calloc: ZEROED,
    realloc: { kind: Realloc, signature: "iiii>i", pointer: 0, first: 3 },
    free: { kind: Free, signature: "iii>", ...SIZED },
  },
  managed: {},
};
