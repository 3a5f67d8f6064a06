/** The sites of a trace: who called the allocator, as frames from the outermost to the innermost, joined by semicolons. */
import { MOST_SITES } from "#shared/records";
import { printable } from "../base/printable.js";

/** The site, number 0, of operations that name none. */
export const UNKNOWN_SITE = "unknown";

const SEPARATOR = ";";
/** Most characters of a site: some fifty frames of C++. */
export const MOST_CHARACTERS = 4096;

/** The frames of a site's name, the outermost first. */
export function framesOf(site: string): string[] {
  return site.split(SEPARATOR);
}

/** Numbers sites as they are met. */
export class SiteNumbers {
  /** By number. */
  readonly names: string[] = [UNKNOWN_SITE];
  readonly #numbers = new Map([[UNKNOWN_SITE, 0]]);

  /** Whether one was met that has a name. */
  get any(): boolean {
    return this.names.length > 1;
  }

  /** Whether there is no room for more. */
  get full(): boolean {
    return this.names.length >= MOST_SITES;
  }

  /** Whether a site was met. */
  has(name: string): boolean {
    return this.#numbers.has(name);
  }

  /** The number of a site, without the blanks around its frames. Calls `fail`, which throws, for what is none. */
  numberOf(text: string, fail: (message: string) => never): number {
    return this.#numbers.get(text) ?? this.#find(text, fail);
  }

  #find(text: string, fail: (message: string) => never): number {
    const frames = framesOf(text).map((frame) => frame.trim());
    const name = frames.join(SEPARATOR);
    if (name.length > MOST_CHARACTERS) {
      fail(`a site has at most ${MOST_CHARACTERS} characters, not ${name.length}: leave out outer frames`);
    }
    if (frames.includes("") || printable(name) !== name) {
      const shown = JSON.stringify(printable(name).slice(0, 60));
      fail(`a site must be frames that can be printed, outermost first, with ; between them, not ${shown}`);
    }
    return this.#numbers.get(name) ?? this.#add(name, fail);
  }

  #add(name: string, fail: (message: string) => never): number {
    const number = this.names.length;
    if (number === MOST_SITES) fail(`there are more than ${MOST_SITES - 1} sites: leave out outer frames`);
    this.names.push(name);
    this.#numbers.set(name, number);
    return number;
  }
}
