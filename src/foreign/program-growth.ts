/**
 * What a program grows the memory by for itself, in a verified replay: it fills the new pages, which are its own from then on.
 * The allocator neither gives them nor writes there.
 */
import { ModuleTrap } from "../base/errors.js";
import { pagesOfMark } from "../trace/growth-mark.js";
import { WASM_PAGE_BYTES } from "../wasm/pages.js";

/** As much of an allocator as is needed. */
interface Grown {
  growMemory(bytes: number): number | undefined;
  fill(pointer: number, value: number, bytes: number): void;
  fillEnd(pointer: number, value: number, bytes: number): number;
}

const MARK = 0x99;

export class ProgramGrowth {
  readonly #own: { at: number; bytes: number }[] = [];

  constructor(private readonly allocator: Grown) {}

  /** Grows the memory if the mark says so. Where it cannot grow, nothing is the program's. */
  meet(name: string): void {
    const bytes = (pagesOfMark(name) ?? 0) * WASM_PAGE_BYTES;
    const at = bytes > 0 ? this.allocator.growMemory(bytes) : undefined;
    if (at === undefined) return;
    this.allocator.fill(at, MARK, bytes);
    this.#own.push({ at, bytes });
  }

  /** @throws ModuleTrap if there is something else now than the program wrote */
  expectKept(): void {
    for (const { at, bytes } of this.#own) {
      const kept = this.allocator.fillEnd(at, MARK, bytes);
      if (kept === bytes) continue;
      throw new ModuleTrap(
        `the memory at 0x${at.toString(16)} that the program grew for itself has been written to, at offset ${kept}`,
      );
    }
  }
}
