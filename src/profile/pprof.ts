/** A file for pprof, as Node makes it. */
import { gzipSync } from "node:zlib";
import { pprofBytes } from "./pprof-bytes.js";

/** Makes the file, gzipped. The parameters are those of `pprofBytes`. */
export const pprofFile = (...parameters: Parameters<typeof pprofBytes>): Uint8Array =>
  gzipSync(pprofBytes(...parameters));
