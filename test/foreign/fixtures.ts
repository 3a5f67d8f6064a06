/** Modules made for the tests, as AssemblyScript sources: the compiler's own allocators, and ones that misbehave. */

import { planted } from "../fuzz/planted.js";
import { reactors } from "./c-fixtures.js";

export interface Fixture {
  source: string;
  /** Options of asc beside --optimize. */
  flags: readonly string[];
}

const HEAP = `
  export function malloc(bytes: usize): usize { return heap.alloc(bytes); }
  // AssemblyScript's own takes no 0, which has a block at no address.
  export function realloc(pointer: usize, bytes: usize): usize { return pointer ? heap.realloc(pointer, bytes) : heap.alloc(bytes); }
  export function free(pointer: usize): void { heap.free(pointer); }
`;

/** A bump allocator whose pieces the hostile ones replace. */
const BUMP = (parts: { grow?: string; malloc?: string; free?: string; more?: string } = {}) => `
  let top: usize = __heap_base;
  function bump(bytes: usize): usize {
    const pointer = (top + 15) & ~15;
    const end = pointer + bytes;
    const pages = <i32>((end + 0xffff) >>> 16) - memory.size();
    if (pages > 0 && !(${parts.grow ?? "memory.grow(max(pages, memory.size())) >= 0 || memory.grow(pages) >= 0"})) return 0;
    top = end;
    return pointer;
  }
  export function malloc(bytes: usize): usize { ${parts.malloc ?? "return bump(bytes);"} }
  export function free(pointer: usize): void { ${parts.free ?? ""} }
  ${parts.more ?? ""}
`;

const STUB = ["--runtime", "stub"];
const bump = (parts?: Parameters<typeof BUMP>[0]): Fixture => ({ source: BUMP(parts), flags: STUB });
const runtime = (name: string): Fixture => ({
  source: "export function nothing(): void {}",
  flags: ["--runtime", name, "--exportRuntime"],
});

/** AssemblyScript's allocators, by each way they are exported. */
export const honest: Record<string, Fixture> = {
  "as-tlsf": { source: HEAP, flags: ["--runtime", "minimal"] },
  "as-heap": { source: HEAP.replace("malloc", "alloc"), flags: ["--runtime", "minimal"] },
  "as-stub": { source: HEAP, flags: STUB },
  "as-incremental": runtime("incremental"),
  "as-minimal": runtime("minimal"),
  "as-bump": bump(),
};

/** Of several threads, though one is all there will be. */
const threads: Record<string, Fixture> = {
  threads: {
    source: HEAP,
    flags: [
      ...["--runtime", "minimal", "--enable", "threads"],
      ...["--sharedMemory", "--importMemory", "--initialMemory", "1", "--maximumMemory", "1024"],
    ],
  },
};

/** Rust's and C's rarer faces, over a bump allocator that checks what it is told. */
export const faces: Record<string, Fixture> = {
  rust: bump({
    more: `
      export function __rust_alloc(bytes: u32, align: u32): u32 { assert(bytes && align == 8 || align == 64); return ((bump(bytes + align) as u32) + align - 1) & -align; }
      export function __rust_alloc_zeroed(bytes: u32, align: u32): u32 { const p = __rust_alloc(bytes, align); memory.fill(p, 0, bytes); return p; }
      export function __rust_realloc(pointer: u32, old: u32, align: u32, bytes: u32): u32 { const p = __rust_alloc(bytes, align); memory.copy(p, pointer, min(old, bytes)); freed += old; return p; }
      export function __rust_dealloc(pointer: u32, bytes: u32, align: u32): void { assert(align == 8 || align == 64); freed += bytes; }
      export let freed: u32 = 0;
    `,
  }),
  posix: bump({
    more: `
      export function posix_memalign(result: u32, align: u32, bytes: u32): i32 { if (bytes > 0x10000000) return 12; store<u32>(result, (bump(bytes + align) + align - 1) & -align); return 0; }
      export function malloc_usable_size(pointer: u32): u32 { return 4242; }
    `,
  }),
  /** Knows how large its blocks are, and nothing of alignment. */
  telling: bump({
    malloc: "const p = bump(bytes + 16) + 16; store<u32>(p - 4, (bytes as u32 + 15) & -16); return p;",
    more: "export function malloc_usable_size(pointer: u32): u32 { return load<u32>(pointer - 4); }",
  }),
  aligned: bump({
    more: `
      export function aligned_alloc(align: u32, bytes: u32): u32 { return bytes % align || bytes > 0x10000000 ? 0 : ((bump(bytes + align) as u32) + align - 1) & -align; }
      export function calloc(n: u32, size: u32): u32 { if (<u64>n * size > 0x10000000) return 0; const p = bump(n * size) as u32; memory.fill(p, 0, n * size); return p; }
    `,
  }),
  bindgen: {
    source: BUMP({
      more: `
        export function __wbindgen_malloc(bytes: u32, align: u32): u32 { assert(bytes && align == 8 || align == 64); return ((bump(bytes + align) as u32) + align - 1) & -align; }
        export function __wbindgen_realloc(pointer: u32, old: u32, bytes: u32, align: u32): u32 { const p = __wbindgen_malloc(bytes, align); memory.copy(p, pointer, min(old, bytes)); return p; }
        export function __wbindgen_free(pointer: u32, bytes: u32, align: u32): void { assert(bytes && align == 8 || align == 64); }
      `,
    }).replace(/export (?=function (malloc|free))/g, ""),
    flags: STUB,
  },
  managed: {
    source: BUMP({
      more: `
        export let pins: i32 = 0;
        export function __new(bytes: usize, id: u32): usize { assert(id == 0); return bump(bytes); }
        export function __pin(pointer: usize): usize { pins++; return pointer; }
        export function __unpin(pointer: usize): void { assert(--pins >= 0); }
        export function __renew(pointer: usize, bytes: usize): usize { const p = bump(bytes); memory.copy(p, pointer, bytes); return p; }
      `,
    }).replace(/export (?=function (malloc|free))/g, ""),
    flags: STUB,
  },
  /** Aligns a block as its size needs, up to 8. */
  packed: {
    source: BUMP({
      malloc: `
      const align: usize = bytes >= 8 ? 8 : bytes >= 4 ? 4 : bytes >= 2 ? 2 : 1;
      const pointer = (top + align - 1) & -align;
      top = pointer + bytes;
      return pointer;`,
    }),
    flags: [...STUB, "--initialMemory", "1024"],
  },
  /** Has no empty blocks. */
  strict: bump({
    malloc: "return bytes ? bump(bytes) : 0;",
    free: "frees++;",
    more: "export let frees: i32 = 0;",
  }),
  /** Its host grows its memory, from 32 MiB on, and is believed to leave it zero. */
  trusting: {
    source: BUMP({
      grow: "resize(<u32>end)",
      more: `
        @external("env", "emscripten_resize_heap") declare function resize(bytes: u32): i32;
        export function calloc(n: u32, size: u32): u32 { return <u64>n * size > u32.MAX_VALUE ? 0 : bump(n * size) as u32; }
      `,
    }),
    flags: [...STUB, "--initialMemory", "512"],
  },
  named: {
    source: `
      export function take(bytes: u32): u32 { return heap.alloc(bytes); }
      export function give(pointer: u32): void { heap.free(pointer); }
      export function wide(bytes: u64): u64 { return bytes; }
    `,
    flags: STUB,
  },
};

/** Each does one thing wrong, from the tenth malloc on where it can wait. */
export const hostile: Record<string, Fixture> = {
  endless: bump({ malloc: "while (bytes) top ^= bytes; return top;" }),
  late: bump({ malloc: "while (bytes == 320) top ^= bytes; return bump(max(bytes, 1));" }),
  growing: bump({ malloc: "memory.grow(16384); return bump(bytes);" }),
  trapping: bump({
    malloc: "if (++count > 10) unreachable(); return bump(bytes);",
    more: "let count: i32 = 0;",
  }),
  recursing: bump({
    malloc: "return deep(<i32>bytes);",
    more: "function deep(n: i32): usize { return n == -1 ? 0 : deep(n + 1) + load<u8>(n & 0xff); }",
  }),
  outside: bump({
    malloc: "if (++count > 10) return 0xfffffff0; return bump(bytes);",
    more: "let count: i32 = 0;",
  }),
  brim: bump({
    malloc: "if (++count > 10) return (<usize>memory.size() << 16) - bytes + 1; return bump(bytes);",
    more: "let count: i32 = 0;",
  }),
  stale: bump({
    more: "export function realloc(pointer: usize, bytes: usize): usize { return bump(bytes); }",
  }),
  misaligned: bump({ malloc: "return bump(bytes + 1) + 1;" }),
  overlapping: bump({ malloc: "const p = bump(bytes); top -= 16 & -<i32>(bytes > 32); return p;" }),
  dirty: bump({
    more: "export function calloc(n: u32, size: u32): u32 { const p = bump(n * size) as u32; memory.fill(p, 1, n * size); return p; }",
  }),
  wrapping: bump({
    more: "export function calloc(n: u32, size: u32): u32 { return bump(n * size) as u32; }",
  }),
  forgetful: bump({ malloc: "top = __heap_base; return bump(bytes);" }),
  reaching: bump({
    malloc: "return fetch(bytes);",
    more: '@external("host", "fetch") declare function fetch(bytes: u32): u32;',
  }),
  starting: { source: `${BUMP()} unreachable();`, flags: STUB },
  /** Its start function never ends. */
  starter: { source: `${BUMP()} while (true) top ^= 1;`, flags: STUB },
  /** What it calls malloc is none. */
  lying: {
    source: `
      export function malloc(name: f64): f64 { return name; }
      export function free(pointer: usize): void {}
    `,
    flags: STUB,
  },
};

/** For random programs: one that has no flaw until it is planted, and one that has. */
const plants: Record<string, Fixture> = {
  planted: { source: planted(), flags: STUB },
  "planted-clearing": { source: planted(1), flags: STUB },
  "planted-growing": { source: planted(13), flags: STUB },
};

export const fixtures: Record<string, Fixture> = { ...honest, ...threads, ...faces, ...hostile, ...plants };

/** Modules of packages that export an allocator: as fixture, the path below node_modules. */
export const packages: Record<string, string> = {
  "web-tree-sitter": "web-tree-sitter/web-tree-sitter.wasm",
  harfbuzz: "harfbuzzjs/dist/harfbuzz.wasm",
  "harfbuzz-subset": "harfbuzzjs/dist/harfbuzz-subset.wasm",
  brotli: "brotli-wasm/pkg.web/brotli_wasm_bg.wasm",
  oxipng: "@jsquash/oxipng/codec/pkg/squoosh_oxipng_bg.wasm",
  llhttp: "undici/lib/llhttp/llhttp-wasm.js",
};

/** All that have to replay a real trace to its end. */
export const replayable: readonly string[] = [
  ...[honest, packages, reactors].flatMap((modules) => Object.keys(modules)),
];
