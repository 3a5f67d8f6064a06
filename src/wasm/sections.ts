/** A module as a list of sections: core specification 2.0, 5.5. */
import { ModuleError } from "../base/errors.js";
import { checkEntries, MOST_SECTIONS } from "./engine-limits.js";
import { BinaryReader } from "./reader.js";
import { SectionId } from "./section-ids.js";
import { BinaryWriter } from "./writer.js";

export { SectionId } from "./section-ids.js";

const LAST_ID = SectionId.tag;

/** Of all sections but custom ones, in the order they must have. */
const ORDER: readonly number[] = [
  ...[SectionId.type, SectionId.import, SectionId.function, SectionId.table, SectionId.memory, SectionId.tag],
  ...[SectionId.global, SectionId.export, SectionId.start, SectionId.element, SectionId.dataCount],
  ...[SectionId.code, SectionId.data],
];

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]; // "\0asm", version 1
const MAGIC = 0x6d736100;
const VERSION = 1;

interface Section {
  id: number;
  content: BinaryReader;
}

/** The sections of a module, to be read and replaced. */
export class Sections {
  #list: Section[] = [];

  /** @throws ModuleError, with the offset, for bytes that are no sections of a module. */
  constructor(wasm: Uint8Array = new Uint8Array(HEADER)) {
    const reader = new BinaryReader(wasm);
    checkHeader(reader);
    while (!reader.done) this.#list.push(readSection(reader));
    const { length } = this.#list;
    if (length > MOST_SECTIONS)
      throw new ModuleError(`it has ${length} sections: ${MOST_SECTIONS} are read at most`);
  }

  /** A reader at the start of a section, or null. */
  get(id: number): BinaryReader | null {
    return this.#list.find((section) => section.id === id)?.content.fork() ?? null;
  }

  /** What `read` gives for each entry of a section that is a vector; nothing where the section is missing. */
  vector<T>(id: number, read: (reader: BinaryReader) => T): T[] {
    return this.get(id)?.vector(read) ?? [];
  }

  /** Writes a section anew that is a vector, if there is one: `write` reads an entry and gives the bytes that stand in its place. */
  rewrite(id: number, write: (reader: BinaryReader) => Uint8Array): void {
    const entries = this.get(id)?.vector(write);
    if (!entries) return;
    this.set(id, new BinaryWriter().vector(entries, (writer, bytes) => writer.append(bytes)).bytes);
  }

  /** The custom sections: the name of each, and a reader behind it. */
  custom(): { name: string; content: BinaryReader }[] {
    return this.#list.filter(({ id }) => id === SectionId.custom).map(({ content }) => readCustom(content));
  }

  /** Replaces a section, or puts it where it belongs. */
  set(id: number, bytes: Uint8Array): void {
    const section = { id, content: new BinaryReader(bytes) };
    const place = ORDER.indexOf(id);
    const after = this.#list.findIndex((other) => ORDER.indexOf(other.id) >= place);
    if (after < 0) this.#list.push(section);
    else this.#list.splice(after, this.#list[after]?.id === id ? 1 : 0, section);
  }

  /** Puts a custom section behind all others. */
  addCustom(name: string, content: Uint8Array): void {
    const { bytes } = new BinaryWriter().name(name).append(content);
    this.#list.push({ id: SectionId.custom, content: new BinaryReader(bytes) });
  }

  /** How many sections there are before one; -1 where it is missing. */
  numberOf(id: number): number {
    return this.#list.findIndex((section) => section.id === id);
  }

  /** Leaves out the custom sections of that name. */
  removeCustom(name: string): void {
    this.#list = this.#list.filter(
      ({ id, content }) => id !== SectionId.custom || readCustom(content).name !== name,
    );
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const writer = new BinaryWriter().append(HEADER);
    for (const { id, content } of this.#list) {
      writer.byte(id).sized(content.bytes.subarray(content.offset, content.end));
    }
    return writer.bytes.slice() as Uint8Array<ArrayBuffer>;
  }
}

function checkHeader(reader: BinaryReader): void {
  if (reader.left < HEADER.length || reader.fixed32() !== MAGIC) {
    throw new ModuleError("not a wasm module: it does not begin with \\0asm; is it a page or an archive?", 0);
  }
  const version = reader.fixed32();
  if (version !== VERSION) {
    throw new ModuleError(`version ${version} is not a core module's: take it out of its component`, 4);
  }
}

function readSection(reader: BinaryReader): Section {
  const at = reader.offset;
  const id = reader.byte();
  if (id > LAST_ID) {
    throw new ModuleError(`there is no section ${id}: the file is damaged, or newer than this reads`, at);
  }
  const content = reader.part(reader.u32());
  checkEntries(id, content);
  return { id, content };
}

function readCustom(section: BinaryReader): { name: string; content: BinaryReader } {
  const content = section.fork();
  return { name: content.name(), content };
}
