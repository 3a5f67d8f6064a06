/** Runs a program of WASI: `node run-wasi.mjs FILE`. */
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [, , path = ""] = process.argv;
const wasi = new WASI({ version: "preview1" });
const imports = /** @type {WebAssembly.Imports} */ (wasi.getImportObject());
wasi.start((await WebAssembly.instantiate(await readFile(path), imports)).instance);
