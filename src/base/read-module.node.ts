import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { SandboxError } from "./errors.js";
import { readModule as fetchModule, type ReadModule } from "./read-module.web.js";

export { type ReadModule, receive } from "./read-module.web.js";

/** Gets a wasm module from `url`, to be instantiated. Node's `fetch` does not read `file:` URLs, so this does. */
export async function readModule(url: URL): Promise<ReadModule> {
  if (url.protocol !== "file:") return fetchModule(url);
  return readFile(url).catch((cause) => {
    throw new SandboxError(`cannot read ${url}`, { cause });
  });
}

/** The URL that a user's text means: a URL, or else a path. */
export function urlOf(text: string): URL {
  return /^[a-z][a-z\d+.-]+:/i.test(text) ? new URL(text) : pathToFileURL(text);
}
