/** Whether an allocator, by its name, is a wasm module: its path or URL. No model is named so. */
export const isModule = (allocator: string): boolean => allocator.endsWith(".wasm");
