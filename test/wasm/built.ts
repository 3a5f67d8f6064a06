/** The modules of test/foreign/built. */
import { readdirSync, readFileSync } from "node:fs";

const BUILT = new URL("../foreign/built/", import.meta.url);

export const built = readdirSync(BUILT)
  .filter((name) => name.endsWith(".wasm"))
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, BUILT))) }));

export const bytesOf = (name: string) =>
  built.find((one) => one.name === `${name}.wasm`)?.bytes as Uint8Array<ArrayBuffer>;
