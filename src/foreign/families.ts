/** By which names, and of which types, each family of compilers exports an allocator. */
import type { Convention, Role } from "./conventions.js";

export interface Family {
  convention: Convention;
  /** Patterns of export names, and signatures (signatures.ts). */
  roles: Partial<Record<Role, [name: RegExp, signature: string]>>;
  /** By their contract they trap where memory ends: no caller of theirs looks for 0. */
  endsByTrap?: true;
}

export const C_LIBRARY: Family = {
  convention: "c",
  roles: {
    malloc: [/^_?malloc$/, "i>i"],
    calloc: [/^_?calloc$/, "ii>i"],
    realloc: [/^_?realloc$/, "ii>i"],
    free: [/^_?free$/, "i>"],
    aligned: [/^_?aligned_alloc$/, "ii>i"],
    posixAligned: [/^_?posix_memalign$/, "iii>i"],
    memalign: [/^_?memalign$/, "ii>i"],
    usableSize: [/^_?malloc_usable_size$/, "i>i"],
  },
};

/** Tried in this order. The C face of a module stands before others that it may have beside. */
export const FAMILIES: readonly Family[] = [
  C_LIBRARY,
  {
    // AssemblyScript's heap, re-exported: alloc, heap.alloc or __alloc
    convention: "c",
    endsByTrap: true,
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
    // Newer wasm-bindgen numbers its exports: __wbindgen_export_0, __wbindgen_export2. Where the module was linked as a
    // command, it is given their wrappers instead: __wbindgen_malloc_command_export
    convention: "bindgen",
    endsByTrap: true,
    roles: {
      malloc: [/^__wbindgen_(malloc(_command_export)?|export_?\d*)$/, "ii>i"],
      calloc: [/__rust_alloc_zeroed$/, "ii>i"],
      realloc: [/^__wbindgen_(realloc(_command_export)?|export_?\d*)$/, "iiii>i"],
      free: [/^__wbindgen_(free(_command_export)?|export_?\d*)$/, "iii>"],
    },
  },
  {
    convention: "sized",
    endsByTrap: true,
    roles: {
      malloc: [/^__wbindgen_malloc$/, "i>i"],
      calloc: [/__rust_alloc_zeroed$/, "ii>i"],
      realloc: [/^__wbindgen_realloc$/, "iii>i"],
      free: [/^__wbindgen_free$/, "ii>"],
    },
  },
  {
    convention: "managed",
    endsByTrap: true,
    roles: {
      malloc: [/^__new$/, "ii>i"],
      realloc: [/^__renew$/, "ii>i"],
      pin: [/^__pin$/, "i>i"],
      free: [/^__unpin$/, "i>"],
    },
  },
];
