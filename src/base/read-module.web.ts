import { SandboxError } from "./errors.js";

/** Gets a wasm module from `url`, to be instantiated. */
export async function readModule(url: URL): Promise<BufferSource | Response> {
  const response = await fetch(url).catch((cause) => {
    throw new SandboxError(`cannot fetch ${url}`, { cause });
  });
  if (!response.ok) {
    throw new SandboxError(`cannot fetch ${url}: ${response.status} ${response.statusText}`);
  }
  const type = response.headers.get("content-type") ?? "";
  // A development server sends this, with status 200, for a file it does not have.
  if (type.startsWith("text/html")) {
    throw new SandboxError(
      `found HTML and no wasm module at ${url} (under Vite's server, set optimizeDeps.exclude to ["zeropage"])`,
    );
  }
  // Some servers send another type, for which the browser refuses to compile the stream.
  return type.startsWith("application/wasm") ? response : response.arrayBuffer();
}

/** The URL that a user's text means: relative ones are the page's. */
export function locate(text: string): URL {
  return new URL(text, globalThis.location?.href);
}
