/** The symbols of an object file: what it defines, and what it wants others to define. */
import { type ImportEntry, readExport, readImport } from "../wasm/externs.js";
import { SectionId, type Sections } from "../wasm/sections.js";
import type { BinaryWriter } from "../wasm/writer.js";

export const SymbolKind = { Function: 0, Data: 1, Global: 2 } as const;

export interface LinkSymbol {
  kind: (typeof SymbolKind)[keyof typeof SymbolKind];
  name: string;
  /** Local ones are this file's alone; undefined ones another file defines; weak ones nobody has to. */
  state: "global" | "local" | "undefined" | "weak";
  /** The number of a function or global. */
  index?: number;
  /** Of data that is defined, which is the first segment: its bytes. */
  size?: number;
}

/** All symbols. Code refers to the first ones by number, so functions come first, as the module numbers them. */
export interface SymbolList {
  functions: LinkSymbol[];
  /** Globals as the module numbers them; those that it imports are addresses of data. */
  globals: LinkSymbol[];
  /** None, where there are no statics. */
  statics: LinkSymbol[];
  /** More names of functions. */
  aliases: LinkSymbol[];
}

export const allSymbols = ({ functions, globals, statics, aliases }: SymbolList): LinkSymbol[] => [
  ...functions,
  ...globals,
  ...statics,
  ...aliases,
];

export function listSymbols(
  module: Sections,
  staticBytes: number,
  aliases: Readonly<Record<string, readonly string[]>>,
  weak: readonly string[],
): SymbolList {
  const imports = module.vector(SectionId.import, readImport);
  const imported = (wanted: ImportEntry["kind"]) =>
    imports.filter(({ kind }) => kind === wanted).map(({ name }) => name);
  const functions = imported("function").map((name, index): LinkSymbol => {
    return { kind: SymbolKind.Function, name, state: "undefined", index };
  });
  const addresses = imported("global").map((name): LinkSymbol => {
    return { kind: SymbolKind.Data, name, state: weak.includes(name) ? "weak" : "undefined" };
  });
  const exported = module.vector(SectionId.export, readExport).filter(({ kind }) => kind === "function");
  const named = exported.flatMap(({ name, index }) =>
    [name, ...(aliases[name] ?? [])].map((other) => functionSymbol(index, other)),
  );
  const own = numbers(module, SectionId.function).map((i) => {
    const index = functions.length + i;
    return named.find((symbol) => symbol.index === index) ?? functionSymbol(index);
  });
  return {
    functions: [...functions, ...own],
    globals: [...addresses, ...numbers(module, SectionId.global).map(globalSymbol)],
    statics: staticBytes > 0 ? [staticsSymbol(staticBytes)] : [],
    aliases: named.filter((symbol) => !own.includes(symbol)),
  };
}

/** What a section's entries are numbered. */
function numbers(module: Sections, id: number): number[] {
  return Array.from({ length: module.get(id)?.u32() ?? 0 }, (_, i) => i);
}

const functionSymbol = (index: number, name?: string): LinkSymbol => ({
  ...{ kind: SymbolKind.Function, name: name ?? `zeropage.${index}`, index },
  state: name === undefined ? "local" : "global",
});

const globalSymbol = (index: number): LinkSymbol => ({
  ...{ kind: SymbolKind.Global, name: `zeropage.global.${index}`, index },
  state: "local",
});

const staticsSymbol = (size: number): LinkSymbol => ({
  ...{ kind: SymbolKind.Data, name: "zeropage.statics", size },
  state: "local",
});

/** A binding in the lowest bits, and whether it is undefined. */
const FLAGS = { global: 0, local: 2, undefined: 0x10, weak: 0x11 };

export function writeSymbol(writer: BinaryWriter, { kind, name, state, index = 0, size }: LinkSymbol): void {
  writer.byte(kind).unsigned(FLAGS[state]);
  if (kind !== SymbolKind.Data) {
    writer.unsigned(index);
    // What is imported has its name there.
    if (state === "global" || state === "local") writer.name(name);
  } else {
    writer.name(name);
    if (size !== undefined) writer.unsigned(0).unsigned(0).unsigned(size);
  }
}
