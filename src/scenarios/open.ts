import { readModule } from "#read-module";
import type { CostProfile } from "../costs/profile.js";
import { defaultCosts } from "../costs/profiles.js";
import { OptionError } from "../errors.js";
import type { WasmAllocator } from "../foreign/wasm-allocator.js";
import { findModel } from "../options.js";
import { openSandbox, Sandbox, type SandboxOptions } from "../sandbox.js";

/** A model on its machine, or somebody's module on its linear memory, metered. */
export type AnyAllocator = Sandbox | WasmAllocator;

/** Opens a new one at each call. */
export type Opener = () => Promise<AnyAllocator> | AnyAllocator;

/** Pages of linear memory, as a meter counts them. */
const PAGE_BYTES = 4096;

/** Whether the name of an allocator is the path or URL of a wasm module. */
export function isModule(name: string): boolean {
  return name.endsWith(".wasm");
}

/**
 * Opens what a name stands for: a model, or the module it is the path of. What applications that are modules
 * import besides is linked to traps.
 * @throws as openSandbox and openWasmAllocator do; OptionError for options to a module.
 */
export async function openAllocator(name: string, options: SandboxOptions = {}): Promise<AnyAllocator> {
  return (await prepareAllocator(name, options))();
}

/** The same, to open it again and again: what has to be read and compiled is so once. */
export async function prepareAllocator(name: string, options: SandboxOptions = {}): Promise<Opener> {
  if (!isModule(name)) {
    // Which module is the check build's is for openSandbox to say.
    const module = options.module ?? (options.check ? undefined : await compile(findModel(name).url));
    return () => openSandbox(name, { ...options, ...(module && { module }) });
  }
  const [option] = Object.keys(options);
  if (option)
    throw new OptionError(`${name} is a wasm module, which has no option "${option}": leave it out`);
  // Only now: the page loads this without.
  const { prepareWasmAllocator } = await import("../foreign/open.js");
  return prepareWasmAllocator(name, { name, meter: true, unknownImports: "trap" });
}

async function compile(url: URL): Promise<WebAssembly.Module> {
  const source = await readModule(url);
  return source instanceof Response ? WebAssembly.compileStreaming(source) : WebAssembly.compile(source);
}

export function pageBytesOf(allocator: AnyAllocator): number {
  return allocator instanceof Sandbox ? allocator.machine.pageBytes : PAGE_BYTES;
}

/** What its simulated time is counted with. None for a module: it really ran. */
export function costsOf(allocator: AnyAllocator, chosen?: CostProfile): CostProfile | undefined {
  if (!(allocator instanceof Sandbox)) return undefined;
  return chosen ?? defaultCosts(allocator.machine.kernel);
}
