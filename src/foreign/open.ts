import { findingsOf } from "./findings.js";
import { openInstance } from "./instance.js";
import { memoryOf } from "./memory-limits.js";
import { moduleOptions } from "./module-options.js";
import { checkOptions, type WasmOptions } from "./options.js";
import { type Prepared, prepare } from "./prepare.js";
import { describeProvisions } from "./provisions.js";
import { findReruns } from "./reruns.js";
import { nameOf, type WasmSource } from "./source.js";
import type { Range } from "./static-data.js";
import { WasmAllocator } from "./wasm-allocator.js";

export type { WasmOptions, WasmSource };

/**
 * Opens an allocator from a wasm module: its bytes, a URL or path to them, the name of one in `builtInModules`,
 * a response of `fetch`, or the module compiled.
 * Its exports are recognised by name (C, Rust, wasm-bindgen, AssemblyScript) or named by `functions`.
 * Opening runs the module's start-up, and a few mallocs of an instance of its own: one that is not
 * trusted belongs into a jail (`replayInJail`).
 * @throws ModuleError for what cannot be read, linked or recognised; ModuleTrap if it fails to start; RangeError for an
 * option's value that is none.
 */
export async function openWasmAllocator(
  source: WasmSource,
  options: WasmOptions = {},
): Promise<WasmAllocator> {
  return (await prepareWasmAllocator(source, options))();
}

/**
 * Reads, rewrites and compiles a module once, to open it again and again.
 * @internal
 * @throws as openWasmAllocator does, what is given back too.
 */
export async function prepareWasmAllocator(
  source: WasmSource,
  options: WasmOptions = {},
): Promise<() => WasmAllocator> {
  checkOptions(options);
  const prepared = await prepare(source, options);
  const { found, shape } = prepared;
  const [name, maximum] = [options.name ?? nameOf(source), memoryOf(shape)?.limits?.maximum];
  const convention = { convention: found.convention, functions: describeProvisions(found) };
  let findings: string[] | undefined;
  let known: readonly Range[] | undefined;
  const staticData = () => {
    known ??= prepared.staticData();
    return known;
  };
  return () => {
    const running = openInstance(prepared, options);
    findings ??= [
      ...findingsOf(shape, found, running.host),
      ...(prepared.isLowered ? [LOWERED] : []),
      ...unnotedFindings(prepared),
      ...findReruns(prepared, options),
    ];
    const report = { ...convention, started: running.started, findings };
    return new WasmAllocator(name, report, { ...running, staticData }, maximum, found.endsByTrap);
  };
}

const LOWERED =
  "its addresses have 64 bits and are lowered to 32: its memory ends 64 KiB before 4 GiB, and every access takes a little longer";

function unnotedFindings({ metered }: Prepared): string[] {
  if (!metered?.unnoted) return [];
  return [`functions too large to be metered, so that what they touch is not counted: ${metered.unnoted}`];
}

/** How an experiment opens a module. */
export interface MeteredRun {
  /** How results call it. */
  name: string;
  /** Its options in flat form (module-options.ts). */
  options?: Readonly<Record<string, unknown>>;
  /** Most bytes its memory may grow to. Default: what the module says. */
  memoryBytes?: number;
  /** As WasmOptions has it. */
  glue?: string;
  /** As WasmOptions has it. */
  onMetering?: (done: number) => void;
}

/**
 * Prepares a module for an experiment: metered, and what it imports that is not known is linked to traps.
 * @internal
 * @throws as openWasmAllocator does, what is given back too; OptionError for an option that a module does not have.
 */
export async function prepareMetered(
  source: WasmSource,
  { options = {}, ...named }: MeteredRun,
): Promise<() => WasmAllocator> {
  return prepareWasmAllocator(source, { ...named, meter: true, ...moduleOptions(options) });
}
