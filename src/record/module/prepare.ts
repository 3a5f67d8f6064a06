import { checkOneOf } from "../../base/arguments.js";
import type { OwnFile } from "../../base/own-file.js";
import { printable } from "../../base/printable.js";
import { CONVENTIONS, type Convention } from "../../foreign/conventions.js";
import { shortNames } from "../../foreign/glue.js";
import { hasShortImports } from "../../foreign/minified.js";
import { compile, narrow } from "../../foreign/prepare.js";
import { type Readable, readSource } from "../../foreign/source.js";
import { readHookModule } from "../../meter/hooks.js";
import { inspectModule } from "../../wasm/inspect.js";
import { type DrivenBy, drivenBy } from "./driven.js";
import { type Found, findAllocators, findMemset, type RecordedNames } from "./find.js";
import type { KnownFunctions } from "./functions.js";
import { removeHooks, reserveHooks } from "./hooks.js";
import { knownFunctions } from "./known.js";
import type { RecordedFunction } from "./recording.js";
import {
  HOOK_NAMES,
  type HookPlace,
  hasFill,
  type ReadModule,
  readRecordable,
  rewriteModule,
} from "./rewrite.js";

/** What clears, to be put into the module. */
export const CLEARING: OwnFile = {
  name: "wasm/clearing.wasm",
  url: () => new URL("../../../build/clearing.wasm", import.meta.url),
};

/** A module that is rewritten to be recorded. */
export interface RewrittenModule {
  module: WebAssembly.Module;
  wasm: Uint8Array<ArrayBuffer>;
  /** Where its hooks are to be, once they are installed. */
  place: HookPlace;
  /** What is recorded. */
  functions: RecordedFunction[];
  /** How a replay drives its allocator. */
  drivenBy: DrivenBy | null;
  /** Whether it is known what its allocator clears. */
  knowsClearing: boolean;
  /** What is not recorded, in sentences, as far as the module shows it. */
  losses: string[];
  /** What functions of the rewritten module are called, by their numbers there. */
  nameOf: (index: number) => string | undefined;
}

/** @throws as recordModule does. */
export async function rewriteToRecord(
  source: Readable,
  {
    functions: given,
    convention,
    glue,
  }: { functions?: RecordedNames; convention?: Convention; glue?: string },
): Promise<RewrittenModule> {
  if (convention !== undefined) checkOneOf("convention", convention, CONVENTIONS);
  const bytes = await readSource(source);
  const shape = inspectModule(bytes);
  const asItIs = readRecordable(bytes);
  const original = await narrow(bytes);
  const read = original === bytes ? asItIs : { ...readRecordable(original), isLowered: true };
  const known = knownFunctions(read);
  const short = shortNames(shape, glue)?.functions;
  const found = findAllocators(known, { given, convention, short, isMinified: hasShortImports(shape) });
  const memset = findMemset(known);
  const knowsClearing = memset !== undefined || hasFill(read);
  const nameOf = namer(known, read.imported);
  const clearing = await readHookModule(CLEARING, ["zeroes"]);
  const place = reserveHooks();
  try {
    const wasm = rewriteModule(read, { found, memset, place, clearing });
    const module = await compile(wasm, original);
    const described = { functions: found.map(describe), drivenBy: drivenBy(shape, found, { short, given }) };
    const losses = lossesOf(read, known, found);
    return { module, wasm, place, ...described, knowsClearing, losses, nameOf };
  } catch (error) {
    removeHooks(place);
    throw error;
  }
}

const SHARED =
  "its memory is shared between threads, of which the one that instantiates it first is recorded";

function lossesOf({ isShared }: ReadModule, { names }: KnownFunctions, found: readonly Found[]): string[] {
  const missing = ["calloc", "realloc"].filter((role) => !found.some((one) => one.role === role));
  // Where functions have names, one that is not found is not there.
  const unknown = names.size > 0 ? "" : missing.join(" or ");
  const absent = `no ${unknown} is found: one that has no name counts as the malloc, free and writes that it consists of`;
  return [...(unknown ? [absent] : []), ...(isShared ? [SHARED] : [])];
}

function describe({ role, name, index }: Found): RecordedFunction {
  return { role, name, index };
}

function namer({ names, exports, types }: KnownFunctions, imported: number) {
  const exported = new Map(exports.map(({ name, index }) => [index, name]));
  return (number: number): string | undefined => {
    const index = number < imported ? number : number - HOOK_NAMES.length;
    if (index < 0 || index >= types.length) return undefined;
    const name = names.get(index) ?? exported.get(index) ?? `function ${index}`;
    return (
      printable(name)
        .replace(/[;\s]+/g, " ")
        .trim() || `function ${index}`
    );
  };
}
