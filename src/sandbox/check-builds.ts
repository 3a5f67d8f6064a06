/** The check builds of the models, in a file that only those who ask for one load. */
import type { OwnFile } from "../base/own-file.js";
import type { ModelName } from "./model-options.js";

export const checkBuilds: Readonly<Record<ModelName, OwnFile>> = {
  naive: {
    name: "wasm/naive.check.wasm",
    url: () => new URL("../../build/naive.check.wasm", import.meta.url),
  },
  lazy: {
    name: "wasm/lazy.check.wasm",
    url: () => new URL("../../build/lazy.check.wasm", import.meta.url),
  },
  glibc: {
    name: "wasm/glibc.check.wasm",
    url: () => new URL("../../build/glibc.check.wasm", import.meta.url),
  },
  libmalloc: {
    name: "wasm/libmalloc.check.wasm",
    url: () => new URL("../../build/libmalloc.check.wasm", import.meta.url),
  },
  jemalloc: {
    name: "wasm/jemalloc.check.wasm",
    url: () => new URL("../../build/jemalloc.check.wasm", import.meta.url),
  },
  mimalloc: {
    name: "wasm/mimalloc.check.wasm",
    url: () => new URL("../../build/mimalloc.check.wasm", import.meta.url),
  },
  tcmalloc: {
    name: "wasm/tcmalloc.check.wasm",
    url: () => new URL("../../build/tcmalloc.check.wasm", import.meta.url),
  },
  "pymalloc/glibc": {
    name: "wasm/pymalloc-over-glibc.check.wasm",
    url: () => new URL("../../build/pymalloc-over-glibc.check.wasm", import.meta.url),
  },
  "pymalloc/jemalloc": {
    name: "wasm/pymalloc-over-jemalloc.check.wasm",
    url: () => new URL("../../build/pymalloc-over-jemalloc.check.wasm", import.meta.url),
  },
  "pymalloc/naive": {
    name: "wasm/pymalloc-over-naive.check.wasm",
    url: () => new URL("../../build/pymalloc-over-naive.check.wasm", import.meta.url),
  },
  "pymalloc/tcmalloc": {
    name: "wasm/pymalloc-over-tcmalloc.check.wasm",
    url: () => new URL("../../build/pymalloc-over-tcmalloc.check.wasm", import.meta.url),
  },
};
