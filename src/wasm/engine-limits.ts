/**
 * How many entries a section may have: the limits of the WebAssembly JavaScript interface (section "Limits"), which all
 * engines share. What has more can never be instantiated; reading it first would only take time and memory.
 */
import { ModuleError } from "../base/errors.js";
import type { BinaryReader } from "./reader.js";
import { SectionId } from "./section-ids.js";

const MILLION = 1_000_000;

const MOST: ReadonlyMap<number, readonly [entries: number, name: string]> = new Map([
  [SectionId.type, [MILLION, "types"]],
  [SectionId.import, [MILLION, "imports"]],
  [SectionId.function, [MILLION, "functions"]],
  [SectionId.table, [100_000, "tables"]],
  [SectionId.memory, [100, "memories"]],
  [SectionId.tag, [MILLION, "tags"]],
  [SectionId.global, [MILLION, "globals"]],
  [SectionId.export, [MILLION, "exports"]],
  [SectionId.element, [10 * MILLION, "element segments"]],
  [SectionId.code, [MILLION, "function bodies"]],
  [SectionId.data, [100_000, "data segments"]],
]);

/** Sections of a module, most of them custom ones. Engines have no limit; each costs us an object. */
export const MOST_SECTIONS = 100_000;

/** @throws ModuleError for a section, whose content `reader` is at, of more entries than an engine takes. */
export function checkEntries(id: number, reader: BinaryReader): void {
  const [most, name] = MOST.get(id) ?? [];
  if (most === undefined || reader.done) return;
  const at = reader.offset;
  const count = reader.fork().u32();
  if (count > most) throw new ModuleError(`it has ${count} ${name}: engines take ${most} at most`, at);
}
