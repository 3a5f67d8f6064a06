/** Instantiates a module of the project. */
import { instantiate } from "@assemblyscript/loader";
import { COUNTERS } from "#shared/counters";
import { SandboxError } from "../base/errors.js";
import type { MachineExports } from "./exports.js";

/** @throws SandboxError when the bytes are not a module of this library's, or one of another version. */
export async function load<Exports extends MachineExports>(
  source: WebAssembly.Module | BufferSource | Response,
): Promise<Exports> {
  const exports = await instantiate<Partial<Exports> & Record<string, unknown>>(
    source as WebAssembly.Module,
    {},
  ).then(
    (result) => result.exports,
    (cause) => {
      throw new SandboxError("the module cannot be instantiated: it may not be one of zeropage's", { cause });
    },
  );
  if (exports.counterCount?.() !== COUNTERS) {
    throw new SandboxError("the module belongs to another version: build or install it again");
  }
  return exports as unknown as Exports;
}
