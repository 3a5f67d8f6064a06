import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError, ZeropageError } from "../base/errors.js";
import type { Environment } from "./environment.js";
import { EXIT } from "./exit.js";

/** The flags of `zeropage web`, as typed. */
export interface WebFlags {
  port: string;
}

/** Serves the page to this host until it is told to stop. Returns the exit code. */
export async function webCommand({ port }: WebFlags, { stdout, page }: Environment): Promise<number> {
  const server = await serveFolder(page.folder, parsePort(port));
  stdout.write(`${server.url}\n`);
  await page.untilStopped();
  await server.close();
  return EXIT.ok;
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  // Only with this type does a browser compile the module while it arrives.
  ".wasm": "application/wasm",
  ".gz": "application/gzip",
};

/** What the page needs, and no more: its own files, pictures that it made, and to compile wasm. */
export const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "img-src 'self' data: blob:",
  // Traces and modules may lie elsewhere. No part of the page sends anything there.
  "connect-src 'self' blob: https: http://localhost:* http://127.0.0.1:*",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "object-src 'none'",
].join("; ");

/** A server of static files, for this host only. */
export interface FolderServer {
  url: string;
  close(): Promise<void>;
}

/** Serves a folder; port 0 is any free one. @throws ZeropageError if the page is not built, or the port is taken. */
export async function serveFolder(folder: URL, port: number): Promise<FolderServer> {
  const root = fileURLToPath(folder);
  if (!(await sizeOf(join(root, "index.html")))) {
    throw new ZeropageError("the page is not built: run `npm run build:web`");
  }
  const server = createServer((request, response) => void answer(root, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(portError(error, port)));
    server.listen(port, "127.0.0.1", resolve);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const isHead = request.method === "HEAD";
  if (request.method !== "GET" && !isHead) return refuse(response, 405);
  const asked = pathOf(root, request.url ?? "/");
  const path = asked && ((await sizeOf(asked)) === undefined ? packedOnce(asked) : asked);
  const bytes = path && (await sizeOf(path));
  if (!path || bytes === undefined) return refuse(response, 404);
  response.writeHead(200, {
    "content-type": TYPES[extname(path)] ?? "application/octet-stream",
    "content-length": bytes,
    "x-content-type-options": "nosniff",
    "content-security-policy": POLICY,
    // A sandboxed frame is of no origin. What is here is in the package for everybody to read.
    "access-control-allow-origin": "*",
    // The name of an asset changes with its contents; that of the page does not, nor of a trace or the service worker.
    "cache-control": /\.(html|gz)$|service-worker\.js$/.test(path)
      ? "no-cache"
      : "max-age=31536000, immutable",
  });
  if (isHead) response.end();
  else
    createReadStream(path)
      .on("error", () => response.destroy())
      .pipe(response);
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}

/** The file that a request asks for; undefined if it is outside the folder, or not a path. */
function pathOf(root: string, url: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    const file = join(root, path.endsWith("/") ? `${path}index.html` : path);
    return file.startsWith(root.endsWith(sep) ? root : root + sep) && !file.includes("\0") ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Code that the page has of the package, by its name without the hash. */
const OWN_CODE: Record<string, string> = {
  "jail-worker": "jail/jail-worker.js",
  dagre: "libraries/dagre.js",
};

/** What the page has of the package is packed once: `dist/web/assets/glibc-1a2b3c4d.wasm` is `build/glibc.wasm`. */
function packedOnce(path: string): string {
  const [, name = "", ending] = /^(.+)-[\w-]{8}\.(wasm|js)$/.exec(basename(path)) ?? [];
  if (ending === "wasm") return join(dirname(path), "../../../build", `${name}.wasm`);
  return Object.hasOwn(OWN_CODE, name) ? join(dirname(path), "../..", OWN_CODE[name] as string) : path;
}

/** Bytes of a file; undefined if there is none. */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port < 65536) return port;
  throw new UsageError(`--port: "${text}" is not a port: write 0 to 65535, where 0 is any free port`);
}

function portError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === "EADDRINUSE")
    return new ZeropageError(`port ${port} is in use: choose another with --port`);
  if (error.code === "EACCES")
    return new ZeropageError(`port ${port} is not allowed: choose one above 1023 with --port`);
  return error;
}
