/** The entry `zeropage/foreign`: other people's wasm modules, trusted or not. */
export { checkModule, type ModuleCheckOptions, type ModuleCheckReport } from "../jail/check.js";
export { type JailOptions, type JailResult, replayInJail } from "../jail/replay.js";
export { type JailLimits, type Scenarios, scenariosInJail } from "../jail/scenarios.js";
export type { Convention, FunctionNames, Provision } from "./families.js";
export { type Extern, type FunctionType, inspectModule, type Limits, type ModuleShape } from "./inspect.js";
export { openWasmAllocator, type WasmOptions, type WasmSource } from "./open.js";
export type { Exhaustion, WasmReplayOptions } from "./replayer.js";
export { type AllocatorReport, WasmAllocator } from "./wasm-allocator.js";
