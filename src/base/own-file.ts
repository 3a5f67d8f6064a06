/**
 * The files of this package that its code needs when it runs: its wasm modules, and the Worker of a jail.
 *
 * Each is declared where it is used, with a URL in so many words, `new URL("…", import.meta.url)`: by these Vite, webpack
 * and others find the files, and put them beside what they make of the code. Where a bundler does not, `locateFiles`
 * says where they lie.
 */

import { type ReadModule, readModule, receive, urlOf } from "#read-module";
import { FileError } from "./errors.js";
import { bytesIn, isCompiled, isResponse, isUrl, kindOf } from "./kinds.js";
import { whenCompiled } from "./when-compiled.js";

/** A file of this package. */
export interface OwnFile {
  /** What the package exports it as: `wasm/glibc.wasm` of `zeropage/wasm/glibc.wasm`. */
  name: string;
  /** Where it lies beside this code. Throws where a bundler took away what the code knew of its own place. */
  url: () => URL;
}

/**
 * A file, or where it lies: a URL; a path, which in a browser is relative to the page; a response of `fetch`; its bytes; a
 * module, compiled.
 */
export type FileSource = URL | string | Response | Uint8Array | ArrayBuffer | WebAssembly.Module;

/** Says where a file of this package lies, by its name. Undefined: where it is looked for by itself. */
export type Locate = (name: string) => FileSource | undefined | PromiseLike<FileSource | undefined>;

let locate: Locate | undefined;
let known = new Map<string, Promise<unknown>>();

/**
 * Says where the files of this package lie, for bundlers that do not find them by themselves, and for pages that have
 * them elsewhere. `name` is what the package exports a file as, without `zeropage/`: `wasm/glibc.wasm`,
 * `wasm/glibc.check.wasm`, `worker.js`. It holds for what is opened from then on; without an argument, files are looked
 * for where they would have been before. A Worker of your own that uses this package needs a call of its own.
 *
 * @example
 * locateFiles((name) => new URL("zeropage/" + name, location.href));
 */
export function locateFiles(given?: Locate): void {
  locate = given;
  known = new Map();
}

/** Where the user says that the file lies, or what it is. */
export async function located(name: string): Promise<FileSource | undefined> {
  return locate?.(name);
}

/** A module, compiled once: the host keeps what it has optimized of it for the next that opens it. @throws FileError */
export function ownModule(file: OwnFile): Promise<WebAssembly.Module> {
  return once(`${file.name}, compiled`, async () => {
    const found = await find(file);
    if (isCompiled(found)) return found;
    const module = isResponse(found) ? WebAssembly.compileStreaming(found) : WebAssembly.compile(found);
    return whenCompiled(module).catch((cause) => {
      throw missing(file.name, "what is there is no wasm module", cause);
    });
  });
}

/** The bytes of a file, read once. @throws FileError */
export function ownBytes(file: OwnFile): Promise<Uint8Array<ArrayBuffer>> {
  return once(file.name, async () => {
    const found = await find(file);
    if (isCompiled(found))
      throw missing(file.name, "of this one the bytes are needed, and no compiled module");
    return contentOf(found);
  });
}

/** What was read, as bytes. */
export async function contentOf(read: Uint8Array | ArrayBuffer | Response): Promise<Uint8Array<ArrayBuffer>> {
  return bytesIn(isResponse(read) ? await read.arrayBuffer() : read) as Uint8Array<ArrayBuffer>;
}

/** The error of a file that is not to be had, with the remedy. */
export function missing(name: string, why: string, cause?: unknown): FileError {
  return new FileError(`${why}: say with locateFiles where zeropage/${name} lies`, name, { cause });
}

/** Does a thing once, unless it fails: then the next call tries again. */
function once<Result>(key: string, make: () => Promise<Result>): Promise<Result> {
  const kept = known.get(key);
  if (kept) return kept as Promise<Result>;
  const [map, made] = [known, make()];
  map.set(key, made);
  made.catch(() => map.delete(key));
  return made;
}

async function find(file: OwnFile): Promise<ReadModule | WebAssembly.Module> {
  const told = await located(file.name);
  try {
    const source = typeof told === "string" ? urlOf(told) : (told ?? placeOf(file));
    if (isUrl(source)) return await readModule(source);
    if (isResponse(source)) return await receive(source, source.url);
    const content = isCompiled(source) ? source : bytesIn(source);
    if (content) return content;
  } catch (cause) {
    throw cause instanceof FileError ? cause : missing(file.name, (cause as Error).message, cause);
  }
  throw missing(file.name, `${kindOf(told)} is neither a file nor a place`);
}

/** Where a file lies beside this code. @throws FileError where the code does not know its own place. */
export function placeOf(file: OwnFile): URL {
  try {
    return file.url();
  } catch (cause) {
    throw missing(file.name, "this bundle does not know where it lies itself", cause);
  }
}
