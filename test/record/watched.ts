/**
 * A module that tells of every page it touches, whoever does it there: the program, or its allocator. Nothing of it moves, so
 * that it runs with the JavaScript that it comes with.
 */
import { readHookModule } from "../../src/meter/hooks.js";
import { installHooks, removeHooks, reserveHooks } from "../../src/record/module/hooks.js";
import { CLEARING } from "../../src/record/module/prepare.js";
import { readRecordable, rewriteModule } from "../../src/record/module/rewrite.js";

const PAGE_SHIFT = 12;

export interface Watched {
  module: WebAssembly.Module;
  wasm: Uint8Array<ArrayBuffer>;
  /** What happened to a page so far: R for read, W for written. */
  of(page: number): string;
  /** Nobody instantiates it any more. */
  end(): void;
}

export async function watch(bytes: Uint8Array): Promise<Watched> {
  const place = reserveHooks();
  const clearing = await readHookModule(CLEARING, ["zeroes"]);
  // With nothing for an allocator, every function is a program's.
  const wasm = rewriteModule(readRecordable(bytes), {
    ...{ found: [], memset: undefined, lowest: 0, place, clearing },
  });
  const [read, written] = [new Set<number>(), new Set<number>()];
  const noteIn = (pages: Set<number>) => (start: number, length: number) => {
    if (length === 0) return;
    const last = (start + length - 1) >>> PAGE_SHIFT;
    for (let page = start >>> PAGE_SHIFT; page <= last; page++) pages.add(page);
  };
  const nothing = () => {};
  const write = noteIn(written);
  installHooks(place, { read: noteIn(read), write, clear: write, enter: nothing, leave: nothing });
  return {
    module: await WebAssembly.compile(wasm),
    wasm,
    of: (page) => `${read.has(page) ? "R" : "-"}${written.has(page) ? "W" : "-"}`,
    end: () => removeHooks(place),
  };
}
