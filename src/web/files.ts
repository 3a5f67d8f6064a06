/** Where a view's trace and modules come from: the page's own, or files that the person gave. */
import { cinnabarTrace, cinnabarWorkload, writeTrace } from "../index.js";
import { packed } from "./link.js";
import { plainName } from "./plain-name.js";
import { isModule } from "./protocol.js";
import { fetchRemote, RemoteError } from "./remote.js";
import type { Sources } from "./session.js";
import { type Bundled, SIDES, type Side, type ViewState } from "./state.js";

/** Where the page's own traces lie, of those that are files. */
export const TRACE_FILES = {
  cc1: new URL("../../bench/traces/cc1.txt.gz", import.meta.url),
  "git-log": new URL("../../bench/traces/git-log.txt.gz", import.meta.url),
};

const TRACES: Record<Bundled, () => Promise<Blob>> = {
  cc1: () => fetchTrace("cc1"),
  "git-log": () => fetchTrace("git-log"),
  cinnabar: makeCinnabar,
};

async function fetchTrace(name: keyof typeof TRACE_FILES): Promise<Blob> {
  const response = await fetch(TRACE_FILES[name]);
  if (!response.ok) throw new Error(`cannot fetch ${name}: ${response.status} ${response.statusText}`);
  return response.blob();
}

/** git-cinnabar's, in our text form. */
async function makeCinnabar(): Promise<Blob> {
  const parts: BlobPart[] = [];
  for await (const part of writeTrace(cinnabarTrace(cinnabarWorkload))) parts.push(part as BlobPart);
  return new Blob(parts);
}

/** A view needs a file that was not given in this tab. */
export class MissingFile extends Error {
  override name = "MissingFile";
}

/** The files of a tab by name. */
export type Files = ReadonlyMap<string, File>;

/** The files that a view needs, of those that there are. */
export function sourcesOf({ input, sides }: ViewState, files: Files): Sources {
  return {
    async trace(signal) {
      if (input.kind === "trace") return TRACES[input.name]();
      const { name = "", url } = input.kind === "file" ? input : {};
      if (url !== undefined)
        return fetchRemote(url, "trace", signal).catch((error) => lacking(error, "here"));
      const file = files.get(name);
      if (file) return file;
      throw new MissingFile(
        name
          ? `This link needs the file ${name}, which a link cannot hold: drop it here.`
          : "Choose a trace file, or drop one here.",
      );
    },
    async module(side, signal) {
      const { allocator, url } = sides[side];
      const where = `on the ${side === 0 ? "left" : "right"} map`;
      if (url !== undefined)
        return fetchRemote(url, "module", signal).catch((error) => lacking(error, where));
      const file = files.get(allocator);
      if (file) return file;
      throw new MissingFile(
        `This link needs the file ${allocator}, which a link cannot hold: drop it ${where}.`,
      );
    },
    glue: (side) => scriptFor(sides[side].allocator, files),
  };
}

/** What cannot be fetched, the person may have. */
function lacking(error: Error, where: string): never {
  if (!(error instanceof RemoteError)) throw error;
  throw new MissingFile(`${error.message}. If you have the file, drop it ${where}.`);
}

/** JavaScript that may come with a module. */
export const isScript = ({ name }: File): boolean => SCRIPT.test(name);

const SCRIPT = /\.[cm]?js$/;
/** More are no script of one module. */
const MOST_SCRIPT_BYTES = 4 * 2 ** 20;

/** The script that goes with a module: that of its name, or else the one that was given last. */
function scriptFor(module: string, files: Files): File | undefined {
  const stem = (name: string) => name.replace(/\.[^.]*$/, "");
  const scripts = [...files.values()].filter((file) => isScript(file) && file.size <= MOST_SCRIPT_BYTES);
  return scripts.find(({ name }) => stem(name) === stem(module)) ?? scripts.at(-1);
}

/** Whether a file is a wasm module, by its first bytes, or else by its name, with which it claims to be one. */
export async function isWasm(file: File): Promise<boolean> {
  const first = new Uint8Array(await file.slice(0, MAGIC.length).arrayBuffer());
  return MAGIC.every((byte, at) => first[at] === byte) || isModule({ allocator: file.name });
}

/** "\0asm" */
const MAGIC = [0, 0x61, 0x73, 0x6d];

/** The file under a name that is a module's, and that shows what it is. */
export function asModule(file: File): File {
  const name = plainName(file.name);
  return renamed(file, name.endsWith(".wasm") ? name : `${name}.wasm`);
}

/** The file under a name that shows what it is. */
export const asTrace = (file: File): File => renamed(file, plainName(file.name));

const renamed = (file: File, name: string): File =>
  name === file.name ? file : new File([file], name, { lastModified: file.lastModified });

/** The side for which a view names a module, if any. */
export const sideFor = ({ sides }: ViewState, name: string): Side | undefined =>
  SIDES.find((side) => sides[side].allocator === name);

/** Whether a view names a file, as its trace or a module. */
export const names = (state: ViewState, name: string): boolean =>
  (state.input.kind === "file" && state.input.name === name) || sideFor(state, name) !== undefined;

/** The file, with a name of its own, with a 2, if the other side runs a different file of the same name. */
export function apart(file: File, side: Side, { sides }: ViewState, files: Files): File {
  const other = files.get(file.name);
  if (!other || sides[1 - side]?.allocator !== file.name) return file;
  if (other.size === file.size && other.lastModified === file.lastModified) return file;
  return renamed(file, file.name.replace(/\.wasm$/, "-2.wasm"));
}

const TOO_LONG = "This program is too long for a link, which can only name it: save it as program.txt.";

/** A view whose program is in the form in which a link has it: packed, or as a file that it only names. */
export async function linkable<Asked extends { state: ViewState; files: Files; advice?: string }>(
  asked: Asked,
): Promise<Asked> {
  const { input } = asked.state;
  if (input.kind !== "text") return asked;
  const text = await packed(input);
  if (text) return { ...asked, state: { ...asked.state, input: text } };
  const { text: program, packed: _, kind: __, ...process } = input;
  const file = new File([program], "program.txt");
  return {
    ...asked,
    state: { ...asked.state, input: { kind: "file", name: file.name, ...process } },
    files: new Map(asked.files).set(file.name, file),
    advice: [asked.advice, TOO_LONG].filter(Boolean).join(" "),
  };
}
