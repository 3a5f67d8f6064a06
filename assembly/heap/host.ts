/** What the host does for builds with ZP_DISCARD. */

/**
 * Lets memory go: it costs nothing until it is touched again, and then it is zero. As memory.discard of WebAssembly's
 * memory-control proposal. Both are multiples of 64 KiB.
 */
export declare function discard(address: usize, bytes: usize): void;
