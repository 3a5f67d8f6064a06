import { over } from "./compose.js";
import { glibc } from "./glibc.js";
import { jemalloc } from "./jemalloc.js";
import { libmalloc } from "./libmalloc.js";
import { mimalloc } from "./mimalloc.js";
import type { ModelInfo } from "./model-info.js";
import { pymalloc } from "./pymalloc.js";
import { tcmalloc } from "./tcmalloc.js";

export { machineOptions, type OptionInfo } from "./machine.js";
export type { LayerInfo, ModelInfo } from "./model-info.js";

/** Models that are no compositions. A new one needs a file under assembly/allocators/ and an entry here. */
const bases: readonly ModelInfo[] = [
  {
    name: "naive",
    summary: "every block is a mapping of its own; calloc clears all of it",
    ...{ hasFiles: true, hasPlacement: true, hasHugePages: true },
    kernel: "linux",
    headerBytes: 0,
    options: [],
    messages: ["free(): invalid pointer"],
    file: {
      name: "wasm/naive.wasm",
      url: () => new URL("../../build/naive.wasm", import.meta.url),
    },
  },
  {
    name: "lazy",
    summary:
      "large blocks are fresh from the kernel, small ones are discarded: calloc never clears two pages",
    kernel: "linux",
    headerBytes: 0,
    freeLists: ["free list", "never handed out"],
    options: [],
    messages: ["free(): invalid pointer"],
    file: {
      name: "wasm/lazy.wasm",
      url: () => new URL("../../build/lazy.wasm", import.meta.url),
    },
  },
  glibc,
  libmalloc,
  jemalloc,
  mimalloc,
  tcmalloc,
];

/** All models. A layer over a model is a line here. Its module's name has `-over-` for the stroke. */
export const models: readonly ModelInfo[] = [
  ...bases,
  over(pymalloc, bases, "glibc", () => new URL("../../build/pymalloc-over-glibc.wasm", import.meta.url)),
  over(
    pymalloc,
    bases,
    "jemalloc",
    () => new URL("../../build/pymalloc-over-jemalloc.wasm", import.meta.url),
  ),
  over(pymalloc, bases, "naive", () => new URL("../../build/pymalloc-over-naive.wasm", import.meta.url)),
  over(
    pymalloc,
    bases,
    "tcmalloc",
    () => new URL("../../build/pymalloc-over-tcmalloc.wasm", import.meta.url),
  ),
];
