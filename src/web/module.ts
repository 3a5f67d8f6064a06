/** A wasm module to play a tape on, dropped or built in. Its memory cannot be restored, so the way back is a new instance. */
import type { WasmAllocator, WasmSource } from "../index.js";
import type { Playable, WayBack } from "./playable.js";
import { MODULE_LIMITS } from "./protocol.js";

/** Limits of one call. A module really clears memory, two seconds for all it can have, and must give signs of life. */
const MOST = { records: 8, rounds: 2 };

/**
 * Prepares a metered module to be opened again and again. Loads what metering needs only here. Unknown functions that
 * the module imports trap; `glue` is the JavaScript beside it, which knows names that are short.
 * @throws ModuleError; ModuleTrap at each opening
 */
export async function prepareModule(
  name: string,
  source: WasmSource,
  glue?: string,
): Promise<() => WasmAllocator> {
  const { prepareMetered } = await import("../foreign/open.js");
  // At the limit memory.grow fails, and the module has to cope.
  const { memoryBytes } = MODULE_LIMITS;
  return prepareMetered(source, { name, memoryBytes, ...(glue !== undefined && { glue }) });
}

/** Opens a module that is prepared. @throws ModuleTrap */
export function playModule(open: () => WasmAllocator): Playable {
  return new PlayableModule(open(), open);
}

class PlayableModule implements Playable {
  readonly most = MOST;
  readonly note: string;
  #isFresh = true;
  /** False after it trapped when it was asked. */
  #mayBeAsked = true;

  constructor(
    public allocator: WasmAllocator,
    private readonly open: () => WasmAllocator,
  ) {
    this.note = noteOf(allocator);
  }

  /** The whole linear memory is one region. */
  regions() {
    return [{ address: 0, bytes: this.allocator.hostBytes }];
  }

  usable(pointers: readonly number[]): number[] | undefined {
    if (!this.#mayBeAsked) return undefined;
    this.#mayBeAsked = false;
    const sizes = this.allocator.usableSizes(pointers);
    this.#mayBeAsked = true;
    return sizes;
  }

  wayBack(): WayBack | undefined {
    if (!this.#isFresh) return undefined;
    this.#isFresh = false;
    return async () => {
      this.allocator = this.open();
    };
  }
}

/** The note on a module: which functions are native, which are composed, and its findings. */
function noteOf({ report: { convention, functions }, notes }: WasmAllocator): string {
  const provisions = Object.entries(functions);
  const native = provisions.flatMap(([, provision]) => ("native" in provision ? [provision.native] : []));
  const composed = provisions.flatMap(([name, provision]) =>
    "composed" in provision ? [`${name} is ${provision.composed}`] : [],
  );
  return [`Called as ${convention}: ${native.join(", ")}`, ...composed, ...notes].join("; ");
}
