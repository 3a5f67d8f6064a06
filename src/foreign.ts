/**
 * The entry point `zeropage/foreign`: other people's wasm modules, trusted or not.
 *
 * @module zeropage/foreign
 */

export { type BuiltInModule, builtInModules } from "./allocator/built-in.js";
export { type FileSource, type Locate, locateFiles, type OwnFile } from "./base/own-file.js";
export type { Convention, FunctionNames } from "./foreign/conventions.js";
export type { AllocatorReport, Exhaustion, ModuleAllocator } from "./foreign/module-allocator.js";
export { openWasmAllocator, type WasmOptions, type WasmSource } from "./foreign/open.js";
export type { Provision } from "./foreign/provisions.js";
export { WasmAllocator } from "./foreign/wasm-allocator.js";
export { checkModule, type ModuleCheckOptions, type ModuleCheckReport } from "./jail/check.js";
export { fuzzModule, type ModuleFuzzOptions, type ModuleFuzzReport } from "./jail/fuzz.js";
export { type JailOptions, type JailResult, replayInJail } from "./jail/replay.js";
export { type JailLimits, type Scenarios, scenariosInJail } from "./jail/scenarios.js";
export type { Relocatable } from "./wasm/dylink.js";
export type { ExternKind, GlobalType } from "./wasm/externs.js";
export { type Extern, inspectModule, type ModuleShape } from "./wasm/inspect.js";
export type { Limits } from "./wasm/limits.js";
export type { FunctionType, ValueType } from "./wasm/types.js";
