import type { KernelKind, OptionInfo } from "./machine.js";

export { machineOptions, type OptionInfo } from "./machine.js";

/** One allocator that can be sandboxed. */
export interface ModelInfo {
  name: string;
  summary: string;
  /** The kernel it runs on unless told otherwise. */
  kernel: KernelKind;
  /** In the order of the model's own option numbers. */
  options: readonly OptionInfo[];
  /** What it says when it stops the process, in the order of the model's own message numbers. */
  messages: readonly string[];
  /** Its own statistics, in the real allocator's words and the order of the model's numbers. */
  statistics?: readonly string[];
  /** Its module; the check build lies beside it. */
  url: URL;
}

/** Every model. A new one is a file under assembly/allocators/ and an entry here. */
export const models: readonly ModelInfo[] = [
  {
    name: "naive",
    summary: "every block its own mapping; calloc clears all of it",
    kernel: "linux",
    options: [],
    messages: ["free(): invalid pointer"],
    url: new URL("../build/naive.wasm", import.meta.url),
  },
  {
    name: "lazy",
    summary: "large blocks always fresh from the kernel; calloc never clears them",
    kernel: "linux",
    options: [],
    messages: ["free(): invalid pointer"],
    url: new URL("../build/lazy.wasm", import.meta.url),
  },
  {
    name: "libmalloc",
    summary: "macOS 10.12: freed large blocks are cached, and cleared in full on reuse by calloc",
    kernel: "darwin",
    options: [
      {
        name: "zeroing",
        summary: "what calloc clears of a reused large block: all of it, or the pages that were written",
        values: ["always", "dirty"],
        default: "always",
      },
    ],
    messages: ["pointer being freed was not allocated", "pointer being freed already on death-row"],
    url: new URL("../build/libmalloc.wasm", import.meta.url),
  },
];
