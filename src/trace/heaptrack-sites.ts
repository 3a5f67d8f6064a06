import { MOST_SITES } from "#shared/records";
import { formatCount } from "../base/bytes.js";
import { UNSAID } from "./calls.js";
import type { HeaptrackLine } from "./heaptrack-line.js";
import { MOST_CHARACTERS } from "./sites.js";

/** Longest name of a frame, so that a site has several. */
const MOST_FRAME = 1000;

/**
 * The more sites there are, the fewer innermost frames new ones keep: a trace has room for so many sites, and who is
 * nearest to the allocation says most. At the end there is room for none.
 */
const FRAMES_KEPT: readonly (readonly [sites: number, frames: number])[] = [
  [MOST_SITES * 0.75, Number.POSITIVE_INFINITY],
  [MOST_SITES * 0.875, 8],
  [MOST_SITES * 0.9375, 3],
  [MOST_SITES - 1, 1],
];

/** A range of addresses of a module, whose own addresses count from `base`. */
interface Segment {
  start: number;
  end: number;
  base: number;
  name: string;
}

/**
 * The call paths of heaptrack's data, which form a tree: each has a parent, and the frame, or frames that were inlined,
 * that it adds. Frames are functions where the data was interpreted, else places in modules.
 */
export class HeaptrackSites {
  /** By number, from 1 on; 0 stands for none. */
  readonly #strings = [""];
  readonly #instructions: (readonly string[])[] = [[]];
  readonly #frames: (readonly string[])[] = [[]];
  readonly #parents = [0];

  /** The sites of paths that were asked for, and these sites themselves, each once. */
  readonly #sites = new Map<number, string>();
  readonly #names = new Map<string, string>();

  #program = "";
  /** By where they start. */
  #segments: Segment[] = [];
  /** What is at an address, as long as the modules stay. */
  readonly #places = new Map<number, readonly string[]>();

  #long = 0;
  #cut = 0;

  // Each reads what follows the letter of a line, and returns false if that is damaged.

  string(line: HeaptrackLine): boolean {
    return this.#strings.push(line.string(true)) > 0;
  }

  instruction(line: HeaptrackLine): boolean {
    const address = line.number();
    const module = this.#stringAt(line.number(), line);
    const frames: string[] = [];
    while (line.more) {
      const name = this.#stringAt(line.number(), line);
      // File and line, which may be missing.
      if (line.more && (line.number() === UNSAID || line.number() === UNSAID)) return false;
      if (name !== "") frames.unshift(frameOf(name));
    }
    if (frames.length === 0) frames.push(module === "" ? hex(address) : frameOf(`[${baseName(module)}]`));
    this.#instructions.push(frames);
    return address !== UNSAID;
  }

  path(line: HeaptrackLine): boolean {
    const at = line.number();
    const parent = line.number();
    if (at === UNSAID || parent === UNSAID) return false;
    if (parent >= this.#parents.length) {
      line.fail(`there is no call path ${parent} so far: there are ${this.#parents.length - 1}`);
    }
    this.#frames.push(this.#instructions.length > 1 ? this.#instructionAt(at, line) : this.#place(at));
    this.#parents.push(parent);
    return true;
  }

  program(line: HeaptrackLine): boolean {
    this.#program = line.string(true);
    return this.#program !== "";
  }

  /** A module that is there from now on, or, if it is called `-`, that none is. */
  module(line: HeaptrackLine): boolean {
    const name = line.string(false);
    this.#places.clear();
    if (name === "-") this.#segments = [];
    if (name === "-") return true;
    const base = line.number();
    while (line.more) {
      const start = base + line.number();
      const size = line.number();
      if (base === UNSAID || size === UNSAID) return false;
      this.#add({ start, end: start + size, base, name: baseName(name === "x" ? this.#program : name) });
    }
    return true;
  }

  /** The site of a call path, or "" where it has none. */
  siteOf(path: number, line: HeaptrackLine): string {
    if (path >= this.#parents.length) {
      line.fail(`there is no call path ${path} so far: there are ${this.#parents.length - 1}`);
    }
    let site = this.#sites.get(path);
    if (site === undefined) {
      site = this.#nameOf(path);
      this.#sites.set(path, site);
    }
    return site;
  }

  /** Adds to the notes what sites lack. */
  note(losses: string[]): void {
    if (this.#long > 0) {
      losses.push(
        `left out: outer frames of call paths of more than 4,096 characters (${formatCount(this.#long)})`,
      );
    }
    if (this.#cut > 0) {
      losses.push(
        `left out: outer frames of call paths, which differ in more than a trace has sites for (${formatCount(this.#cut)})`,
      );
    }
  }

  #nameOf(path: number): string {
    const [, most] = FRAMES_KEPT.find(([sites]) => this.#names.size < sites) ?? [0, 0];
    const name = this.#framesOf(path, most).join(";");
    const known = this.#names.get(name);
    if (known === undefined && most > 0) this.#names.set(name, name);
    return known ?? name;
  }

  /** The innermost frames of a path, at most `most`, outermost first. */
  #framesOf(path: number, most: number): string[] {
    const kept: string[] = [];
    let characters = 0;
    for (let at = path; at !== 0; at = this.#parents[at] as number) {
      for (const frame of (this.#frames[at] as readonly string[]).toReversed()) {
        characters += frame.length + 1;
        if (characters > MOST_CHARACTERS) this.#long++;
        else if (kept.length >= most) this.#cut++;
        if (characters > MOST_CHARACTERS || kept.length >= most) return kept.reverse();
        kept.push(frame);
      }
    }
    return kept.reverse();
  }

  #stringAt(index: number, line: HeaptrackLine): string {
    const text = this.#strings[index];
    return text ?? line.fail(`there is no string ${index} so far: there are ${this.#strings.length - 1}`);
  }

  #instructionAt(index: number, line: HeaptrackLine): readonly string[] {
    const frames = this.#instructions[index];
    return (
      frames ??
      line.fail(`there is no instruction ${index} so far: there are ${this.#instructions.length - 1}`)
    );
  }

  #place(address: number): readonly string[] {
    let place = this.#places.get(address);
    if (place === undefined) {
      const segment = this.#segments[this.#after(address) - 1];
      const inside = segment !== undefined && address < segment.end;
      place = [inside ? frameOf(`${segment.name}+${hex(address - segment.base)}`) : hex(address)];
      this.#places.set(address, place);
    }
    return place;
  }

  #add(segment: Segment): void {
    this.#segments.splice(this.#after(segment.start), 0, segment);
  }

  /** The index of the first segment that starts after an address. */
  #after(address: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#segments[middle] as Segment).start <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const hex = (value: number): string => `0x${value.toString(16)}`;

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** A name that can be that of a frame: semicolons, which types of Rust have, separate frames. */
function frameOf(name: string): string {
  const whole = name.replaceAll(";", ",");
  return whole.length > MOST_FRAME ? `${whole.slice(0, MOST_FRAME - 1)}…` : whole;
}
