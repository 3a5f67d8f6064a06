/** The modules of test/foreign/built that every engine compiles. */
import { readdirSync, readFileSync } from "node:fs";
import { isWide } from "../../src/wasm/lower/lower.js";

const BUILT = new URL("../foreign/built/", import.meta.url);

export const built = readdirSync(BUILT)
  .filter((name) => name.endsWith(".wasm"))
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, BUILT))) }))
  .filter(({ bytes }) => !isWide(bytes));

export const bytesOf = (name: string) =>
  built.find((one) => one.name === `${name}.wasm`)?.bytes as Uint8Array<ArrayBuffer>;
