/** Real allocators to meter. */
import { createRequire } from "node:module";
import asc from "assemblyscript/asc";

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

export interface Allocator {
  malloc(bytes: number): number;
  calloc?(count: number, bytes: number): number;
  realloc?(block: number, bytes: number): number;
  free(block: number): void;
  memory: WebAssembly.Memory;
}

/** An instance whose imported functions do nothing, but for those of `imports`. */
export function instantiate(wasm: BufferSource, imports: WebAssembly.Imports = {}): WebAssembly.Instance {
  const module = new WebAssembly.Module(wasm);
  const all: WebAssembly.Imports = { ...imports };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === "function") all[from] = { [name]: () => 0, ...all[from] };
  }
  return new WebAssembly.Instance(module, all);
}
