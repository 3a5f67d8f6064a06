/** Compiles programs of AssemblyScript for a runtime, and opens them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { instantiate } from "@assemblyscript/loader";
import asc from "assemblyscript/asc";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const OURS = ["assembly/runtime/incremental", "assembly/runtime/minimal"];

const compiled = new Map<string, Promise<Uint8Array>>();

export function compile(source: string, runtime: string, ...flags: string[]): Promise<Uint8Array> {
  const key = [source, runtime, ...flags].join("\0");
  const wasm = compiled.get(key) ?? compileNow(source, runtime, flags);
  compiled.set(key, wasm);
  return wasm;
}

async function compileNow(source: string, runtime: string, flags: readonly string[]): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const options = ["--optimize", "--exportRuntime", "--runtime", runtime, "--outFile", "out.wasm", ...flags];
  const { error, stderr } = await asc.main(["program.ts", "--config", "none", ...options], {
    readFile: (path) =>
      path === "program.ts" ? source : readFile(join(ROOT, path), "utf8").catch(() => null),
    writeFile: (_, contents) => {
      wasm = contents as Uint8Array;
    },
  });
  if (error || !wasm) throw new Error(`${error?.message}\n${stderr}`);
  return wasm;
}

/** What programs export, and the loader's functions for references. */
export interface Program {
  run(count: number): string;
  collect(): void;
  pin(reference: number): number;
  unpin(reference: number): void;
  call(name: string, ...args: number[]): number;
  memory: WebAssembly.Memory;
}

export async function open(wasm: Uint8Array): Promise<Program> {
  const { exports } = await instantiate<Record<string, (...args: number[]) => number>>(
    wasm as BufferSource as Uint8Array,
  );
  const call = (name: string, ...args: number[]) => (exports[name] as (...args: number[]) => number)(...args);
  return {
    run: (count) => exports.__getString(call("run", count)),
    collect: () => exports.__collect(),
    pin: (reference) => exports.__pin(reference),
    unpin: (reference) => exports.__unpin(reference),
    call,
    memory: exports.memory as WebAssembly.Memory,
  };
}
