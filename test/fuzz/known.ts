/** What real allocators do wrong, and so their models: no fuzzer asks for it, lest it stops there each time. */

/** The size of an aligned block to ask for instead. */
export function alignedBytes(model: string, bytes: number): number {
  // Its 2.0 gives blocks that are aligned to 128 bytes only.
  if (model === "mimalloc" && [256, 512, 1024].includes(bytes)) return bytes + 1;
  // Its memalign gives 8 bytes for nothing, aligned to 8; posix_memalign and aligned_alloc do not.
  return model.endsWith("jemalloc") ? Math.max(1, bytes) : bytes;
}
