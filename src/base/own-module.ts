import { readModule } from "#read-module";
import { SandboxError } from "./errors.js";

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * A module of this library's own, read and compiled once: the host keeps what it has optimized of it for the next that
 * opens it. @throws SandboxError if it cannot be had; then the next call tries again.
 */
export function ownModule({ href }: URL): Promise<WebAssembly.Module> {
  const known = compiled.get(href);
  if (known) return known;
  const module = compile(href);
  compiled.set(href, module);
  module.catch(() => compiled.delete(href));
  return module;
}

async function compile(href: string): Promise<WebAssembly.Module> {
  const source = await readModule(new URL(href));
  const module =
    source instanceof Response ? WebAssembly.compileStreaming(source) : WebAssembly.compile(source);
  return module.catch((cause) => {
    throw new SandboxError(`what is at ${href} is no wasm module`, { cause });
  });
}
