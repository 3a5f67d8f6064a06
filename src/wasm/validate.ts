import { ModuleError } from "../base/errors.js";

/**
 * Asks the engine: what reads and writes a module anew may make a valid one of what is none. Ask after it is rewritten, so
 * that what is refused by name is, also by an engine that has no such thing.
 * @throws ModuleError unless the engine takes the module
 */
export function requireValid(wasm: Uint8Array): void {
  if (!WebAssembly.validate(wasm as BufferSource)) throw new ModuleError("the module is not valid");
}
