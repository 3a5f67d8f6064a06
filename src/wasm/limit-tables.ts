/** Limits what a module's tables may take of its host: in V8 an element takes some 85 bytes, which no other limit counts. */
import { ModuleError } from "../base/errors.js";
import { readImport } from "./externs.js";
import { limitTogether } from "./limit-together.js";
import type { Limits } from "./limits.js";
import { SectionId, Sections } from "./sections.js";
import { readTable, writeTable } from "./tables.js";
import { requireValid } from "./validate.js";
import { BinaryWriter } from "./writer.js";

/** Elements of all tables of a module together. The largest modules that we know have some 30,000 functions. */
export const MOST_ELEMENTS = 1_000_000;

/**
 * The module with maxima for its own tables, so that all of them never have more than `most` elements, imported ones
 * counted as they begin. One without tables of its own is given back as it is.
 * @throws ModuleError if they begin with more, or the module is not valid.
 */
export function limitTables(wasm: Uint8Array, most = MOST_ELEMENTS): Uint8Array {
  const sections = new Sections(wasm);
  const imported = sections.vector(SectionId.import, readImport).filter(({ kind }) => kind === "table");
  const tables = sections.vector(SectionId.table, readTable);
  const given = imported.reduce((sum, { limits }) => sum + (limits?.initial ?? 0), 0);
  const limits = limitTogether(
    tables.map((table) => table.limits),
    most - given,
  );
  if (!limits) {
    const begins = given + tables.reduce((sum, table) => sum + table.limits.initial, 0);
    throw new ModuleError(`its tables begin with ${begins} elements: in a jail they have ${most} at most`);
  }
  if (tables.length === 0) return wasm;
  requireValid(wasm);
  const limited = tables.map((table, index) => ({ ...table, limits: limits[index] as Limits }));
  sections.set(SectionId.table, new BinaryWriter().vector(limited, writeTable).bytes);
  return sections.toBytes();
}
