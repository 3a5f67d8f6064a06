import { readFile } from "node:fs/promises";
import { SandboxError } from "./errors.js";
import { readModule as fetchModule } from "./read-module.web.js";

/** Gets a wasm module from `url`, to be instantiated. Node's `fetch` does not read `file:` URLs, so this does. */
export async function readModule(url: URL): Promise<BufferSource | Response> {
  if (url.protocol !== "file:") return fetchModule(url);
  return readFile(url).catch((cause) => {
    throw new SandboxError(`cannot read ${url}`, { cause });
  });
}
