import { SandboxError } from "./errors.js";

/** What is to be instantiated: as bytes, or as they come. */
export type ReadModule = Uint8Array<ArrayBuffer> | ArrayBuffer | Response;

/** Gets a wasm module from `url`, to be instantiated. @throws SandboxError if there is none. */
export async function readModule(url: URL): Promise<ReadModule> {
  // Bundlers inline small files, and a strict Content-Security-Policy forbids to fetch those.
  if (url.protocol === "data:") return receive(new Response(...inlined(url)), url.href);
  const response = await fetch(url).catch((cause) => {
    throw new SandboxError(`cannot fetch ${url}`, { cause });
  });
  return receive(response, url.href);
}

/** A server's answer, to be instantiated. @throws SandboxError if it is no module. */
export async function receive(response: Response, url: string): Promise<ReadModule> {
  if (!response.ok) {
    throw new SandboxError(`cannot fetch ${url}: ${response.status} ${response.statusText}`.trimEnd());
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

/** What is in a data: URL, and what it says of that, as a response takes them. */
function inlined({ href }: URL): [Uint8Array<ArrayBuffer>, ResponseInit] {
  const [, type = "", base64, body = ""] = /^data:([^,]*?)(;base64)?,(.*)$/s.exec(href) ?? [];
  const text = base64 ? atob(decodeURIComponent(body)) : decodeURIComponent(body);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return [bytes, { headers: { "content-type": type } }];
}

/** The URL that a user's text means: relative ones are the page's. */
export function urlOf(text: string): URL {
  return new URL(text, globalThis.location?.href);
}
