import { type CallEncoder, LOST, UNSAID } from "./calls.js";
import type { TraceFormat } from "./format.js";
import { HeaptrackLine } from "./heaptrack-line.js";
import { HeaptrackSites } from "./heaptrack-sites.js";
import { type CallReader, readCalls } from "./line-reader.js";
import type { LineScanner } from "./lines.js";

const NS_PER_MS = 1e6;
/** The newest version of the file that is known. */
const NEWEST = 3;
/** From this one on strings have their length in front. */
const SIZED = 3;
/** What heaptrack called itself before files had versions of their own; such a file is what version 1 is. */
const UNVERSIONED = 0x10200;

/** Keys of objects of interpreted files: more than the allocation infos of any, and live objects of each below 2^26. */
const INFOS = 2 ** 27;

export const heaptrackFormat: TraceFormat<"heaptrack"> = {
  name: "heaptrack",
  about: "heaptrack's data, raw or interpreted",
  looksLike: ({ lines }) =>
    /^v [0-9a-f]{5,6}( [0-9a-f]+)?\r?$/.test(lines[0] ?? "") && lines.some((line) => /^[XI] /.test(line)),
  read: (bytes, options = {}) =>
    readCalls(
      bytes,
      "heaptrack",
      [LOST.calloc, LOST.alignment, LOST.realloc, LOST.touches, LOST.threads],
      options,
      (calls, notes) => new HeaptrackReader(calls, notes.losses),
    ),
};

/**
 * What heaptrack writes, of any version. A line is a letter, and hexadecimal numbers or a string; what is numbered has the
 * numbers 1, 2, … in the order of its lines.
 *
 *     raw (heaptrack -r)                     interpreted
 *     v heaptrack [file]                     the same: versions
 *     x [length] path                        s [length] string
 *     m [length] path base {address size}    i ip module {function file line}    what is at an instruction, inlined ones first
 *     t ip parent                            t i parent                          a call path
 *                                            a size t                            an allocation info
 *     + size t pointer                       + a                                 allocated
 *     - pointer                              - a                                 freed
 *     c milliseconds                         the same: since the start
 *
 * Allocation infos begin with number 0. Files of versions before 1 are interpreted, but have pointers.
 */
class HeaptrackReader implements CallReader {
  readonly #line = new HeaptrackLine();
  readonly #sites = new HeaptrackSites();
  /** By allocation info: its size, its call path, and how many of its objects live. */
  readonly #infos: { size: number; path: number; live: number }[] = [];
  /** A line that is damaged is an error, unless it is the last: that of a program which was killed. */
  #damaged = false;

  constructor(
    private readonly calls: CallEncoder,
    private readonly losses: string[],
  ) {
    calls.time(0);
  }

  readLine(scanner: LineScanner): void {
    const line = this.#line;
    if (this.#damaged) line.fail("this line is cut short or damaged");
    const kind = line.begin(scanner);
    if (!this.#read(kind)) this.#damaged = true;
  }

  finish(): void {
    if (this.#damaged) this.calls.note("unreadable");
    if (this.#infos.length > 0) {
      this.losses.push(
        "this format does not record which object is freed, of those of one size and call path: the newest is taken",
      );
    }
    this.#sites.note(this.losses);
  }

  /** Reads a line of a kind. Returns false if it is damaged. */
  #read(kind: string): boolean {
    switch (kind) {
      case "+":
        return this.#allocation();
      case "-":
        return this.#free();
      case "t":
        return this.#sites.path(this.#line);
      case "a":
        return this.#info();
      case "c":
        return this.#time();
      default:
        return this.#rarer(kind);
    }
  }

  #rarer(kind: string): boolean {
    switch (kind) {
      case "s":
        return this.#sites.string(this.#line);
      case "i":
        return this.#sites.instruction(this.#line);
      case "m":
        return this.#sites.module(this.#line);
      case "x":
        return this.#sites.program(this.#line);
      case "v":
        return this.#version();
      default:
        // The command line, the system, an attachment, suppressions, resident pages, comments.
        return kind === "" || "XIASR#".includes(kind);
    }
  }

  #version(): boolean {
    const heaptrack = this.#line.number();
    const version = this.#line.more ? this.#line.number() : heaptrack === UNVERSIONED ? 1 : 0;
    if (version > NEWEST) {
      this.#line.fail(
        `version ${version} of heaptrack's files is not known: the newest that is, is ${NEWEST}`,
      );
    }
    this.#line.sized = version >= SIZED;
    return heaptrack !== UNSAID && version !== UNSAID;
  }

  #time(): boolean {
    const milliseconds = this.#line.number();
    if (milliseconds === UNSAID) return false;
    this.calls.time(0, milliseconds * NS_PER_MS);
    return true;
  }

  #info(): boolean {
    const size = this.#line.number();
    const path = this.#line.number();
    this.#infos.push({ size, path, live: 0 });
    return path !== UNSAID;
  }

  #allocation(): boolean {
    const first = this.#line.number();
    if (!this.#line.more) return this.#allocateOne(first);
    const path = this.#line.number();
    const pointer = this.#line.number();
    if (first === UNSAID || path === UNSAID || pointer === UNSAID) return false;
    this.#allocate(pointer, first, path);
    return true;
  }

  #allocateOne(index: number): boolean {
    if (index === UNSAID) return false;
    const info = this.#infoAt(index);
    info.live++;
    this.#allocate(info.live * INFOS + index, info.size, info.path);
    return true;
  }

  #allocate(key: number, size: number, path: number): void {
    const site = this.#sites.siteOf(path, this.#line);
    if (site !== "") this.calls.site(site);
    this.calls.malloc(key, size);
  }

  #free(): boolean {
    const object = this.#line.number();
    if (object === UNSAID) return false;
    if (this.#infos.length === 0) this.calls.free(object);
    else this.#freeOne(object);
    return true;
  }

  /** Frees the newest object of an allocation info: most die young. */
  #freeOne(index: number): void {
    const info = this.#infoAt(index);
    if (info.live === 0) this.calls.note("unknownFrees");
    else this.calls.free(info.live-- * INFOS + index);
  }

  #infoAt(index: number) {
    const info = this.#infos[index];
    return (
      info ?? this.#line.fail(`there is no allocation info ${index} so far: there are ${this.#infos.length}`)
    );
  }
}
