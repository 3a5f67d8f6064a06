/** Instantiates a module of the project. */
import { instantiateSync } from "@assemblyscript/loader";
import { COUNTERS } from "#shared/counters";
import { SandboxError } from "../base/errors.js";
import { isCompiled } from "../base/kinds.js";
import { whenCompiled } from "../base/when-compiled.js";
import type { MachineExports } from "./exports.js";

/** @throws SandboxError when the bytes are not a module of this library's, or one of another version. */
export async function load<Exports extends MachineExports>(
  source: WebAssembly.Module | BufferSource,
): Promise<Exports> {
  const exports = await instantiated(source).catch((cause) => {
    throw new SandboxError("the module cannot be instantiated: it may not be one of zeropage's", { cause });
  });
  if (exports.counterCount?.() !== COUNTERS) {
    throw new SandboxError("the module belongs to another version: build or install it again");
  }
  return exports as unknown as Exports;
}

/**
 * What a module exports. The loader's way to do all of it later looks first for a Response, and by that makes Node load
 * its fetch: a tenth of a second of every command and Worker.
 */
async function instantiated(
  source: WebAssembly.Module | BufferSource,
): Promise<Partial<MachineExports> & Record<string, unknown>> {
  const module = isCompiled(source) ? source : await whenCompiled(WebAssembly.compile(source));
  return instantiateSync<Partial<MachineExports> & Record<string, unknown>>(module, {}).exports;
}
