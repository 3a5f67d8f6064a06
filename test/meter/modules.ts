/** Real allocators to meter. */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import asc from "assemblyscript/asc";
import { WASM_PAGE_BYTES } from "../../src/wasm/pages.js";

const require = createRequire(import.meta.url);

const SOURCE = `
  export function malloc(bytes: usize): usize { return heap.alloc(bytes); }
  export function realloc(block: usize, bytes: usize): usize { return heap.realloc(block, bytes); }
  export function free(block: usize): void { heap.free(block); }
  export function calloc(count: usize, bytes: usize): usize {
    const block = heap.alloc(count * bytes);
    memory.fill(block, 0, count * bytes);
    return block;
  }
`;

/** AssemblyScript's TLSF; without bulk memory its calloc and realloc loop over bytes. */
export async function tlsf(bulkMemory = true): Promise<Uint8Array> {
  const { error, stderr, binary } = await asc.compileString(SOURCE, {
    runtime: "incremental",
    optimizeLevel: 3,
    use: ["abort="],
    ...(bulkMemory ? {} : { disable: ["bulk-memory"] }),
  });
  if (error || !binary) throw new Error(`${error?.message}\n${stderr.toString()}`);
  return binary;
}

/** dlmalloc as clang compiled it into undici's HTTP parser. */
export function llhttp(): Uint8Array {
  return require("undici/lib/llhttp/llhttp-wasm.js");
}

/** dlmalloc as emscripten compiled it into tree-sitter, position independent. */
export function treeSitter(): Promise<Uint8Array> {
  return readFile(require.resolve("web-tree-sitter/web-tree-sitter.wasm"));
}

export interface AllocatorExports {
  malloc(bytes: number): number;
  calloc?(count: number, bytes: number): number;
  realloc?(block: number, bytes: number): number;
  free(block: number): void;
  memory: WebAssembly.Memory;
}

/** An instance whose imported functions do nothing, but for those of `imports`. */
export function instantiate(
  source: BufferSource | WebAssembly.Module,
  imports: WebAssembly.Imports = {},
): WebAssembly.Instance {
  const module = source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source);
  const all: WebAssembly.Imports = { ...imports };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === "function") all[from] = { [name]: () => 0, ...all[from] };
  }
  return new WebAssembly.Instance(module, all);
}

/** A started instance of any module above, whose memory begins at `base`. */
export function open(
  module: WebAssembly.Module,
  base: number,
  imports: WebAssembly.Imports = {},
): AllocatorExports & WebAssembly.Exports {
  const asksForMemory = WebAssembly.Module.imports(module).some(({ kind }) => kind === "memory");
  const all = asksForMemory ? { ...imports, ...dynamicLinker(base) } : imports;
  const exports = { ...instantiate(module, all).exports, ...all.env };
  const starts = ["__wasm_apply_data_relocs", "__wasm_call_ctors", "_initialize"];
  for (const name of starts) (exports[name] as CallableFunction | undefined)?.();
  return exports as unknown as AllocatorExports & WebAssembly.Exports;
}

/** What a position independent module is told: data from 1 KiB on, then a stack, a heap from 6 MiB on. */
function dynamicLinker(base: number): WebAssembly.Imports {
  const global = (value: number, mutable = true) => new WebAssembly.Global({ value: "i32", mutable }, value);
  const memory = new WebAssembly.Memory({
    initial: 512 + base / WASM_PAGE_BYTES,
    maximum: 32_768 + base / WASM_PAGE_BYTES,
  });
  const resize = (bytes: number) => {
    const missing = (bytes >>> 0) + base - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / WASM_PAGE_BYTES));
    return 1;
  };
  return {
    env: {
      memory,
      __indirect_function_table: new WebAssembly.Table({ initial: 1000, element: "anyfunc" }),
      __stack_pointer: global(5 << 20),
      __memory_base: global(1024, false),
      __table_base: global(1, false),
      emscripten_resize_heap: resize,
    },
    "GOT.mem": {
      __stack_low: global(4 << 20),
      __stack_high: global(5 << 20),
      __heap_base: global(6 << 20),
    },
  };
}
