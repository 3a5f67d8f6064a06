/** The names that compilers leave for debuggers: core specification 2.0, 7.4.1. */
import { ModuleError } from "../base/errors.js";
import type { BinaryReader } from "./reader.js";
import type { Sections } from "./sections.js";
import { BinaryWriter } from "./writer.js";

/** The custom section that has them. */
const NAME = "name";
/** Its parts: the module's own name, and those of functions. */
const MODULE = 0;
const FUNCTIONS = 1;
/** Parts with locals and labels, by function. */
const WITHIN_FUNCTIONS = [2, 3];

interface Part {
  kind: number;
  content: BinaryReader;
}

/** Names of functions by their numbers, imported ones among them; none where the section is missing or damaged. */
export function readFunctionNames(sections: Sections): Map<number, string> {
  try {
    const part = partsOf(sections).find(({ kind }) => kind === FUNCTIONS);
    return new Map(part?.content.fork().vector((reader) => [reader.u32(), reader.name()]));
  } catch (error) {
    // Engines overlook a damaged custom section, and so is done here.
    if (error instanceof ModuleError) return new Map();
    throw error;
  }
}

/** Gives functions the names they have, where their numbers changed. Names of what is in them are left out. */
export function renumberNames(sections: Sections, renumber: (index: number) => number): void {
  const names = readFunctionNames(sections);
  if (names.size === 0) return;
  const others = partsOf(sections).filter(({ kind }) => kind > FUNCTIONS && !WITHIN_FUNCTIONS.includes(kind));
  const writer = new BinaryWriter();
  const add = (kind: number, bytes: Uint8Array) => writer.byte(kind).sized(bytes);
  const module = partsOf(sections).find(({ kind }) => kind === MODULE);
  if (module) add(MODULE, bytesOf(module));
  const renumbered = [...names].map(([index, name]) => [renumber(index), name] as const);
  renumbered.sort(([one], [other]) => one - other);
  const functions = new BinaryWriter().vector(renumbered, (each, [index, name]) => {
    each.unsigned(index).name(name);
  });
  add(FUNCTIONS, functions.bytes);
  for (const part of others) add(part.kind, bytesOf(part));
  sections.removeCustom(NAME);
  sections.addCustom(NAME, writer.bytes);
}

function bytesOf({ content }: Part): Uint8Array {
  const reader = content.fork();
  return reader.take(reader.left);
}

function partsOf(sections: Sections): Part[] {
  const reader = sections
    .custom()
    .find(({ name }) => name === NAME)
    ?.content.fork();
  const parts: Part[] = [];
  while (reader && !reader.done) parts.push({ kind: reader.byte(), content: reader.part(reader.u32()) });
  return parts;
}
