/** A dropped .wasm to play a tape on. Its memory cannot be taken back, so the way back is a new instance. */
import type { ModuleAllocator } from "../index.js";
import type { Playable, WayBack } from "./playable.js";
import { MODULE_LIMITS } from "./protocol.js";

/** It really clears what it clears, up to two seconds for all of its memory, and has to give signs of life meanwhile. */
const MOST = { records: 8, rounds: 2 };

/**
 * Prepares a module to be opened again and again: metered, with what that needs loaded only then. Functions it
 * imports that are not known trap.
 * @throws ModuleError; ModuleTrap at each opening
 */
export async function prepareModule(name: string, wasm: Uint8Array): Promise<() => ModuleAllocator> {
  const { prepareMetered } = await import("../foreign/open.js");
  // What it is refused, it has to cope with.
  const { memoryBytes } = MODULE_LIMITS;
  return prepareMetered(wasm, { name, memoryBytes });
}

/** Opens a module. @throws ModuleError, ModuleTrap */
export async function openModule(name: string, wasm: Uint8Array): Promise<Playable> {
  const open = await prepareModule(name, wasm);
  return new PlayableModule(open(), open);
}

class PlayableModule implements Playable {
  readonly most = MOST;
  readonly note: string;
  #isFresh = true;

  constructor(
    public allocator: ModuleAllocator,
    private readonly open: () => ModuleAllocator,
  ) {
    this.note = noteOf(allocator);
  }

  /** A linear memory is one region, all of it. */
  regions() {
    return [{ address: 0, bytes: this.allocator.hostBytes }];
  }

  wayBack(): WayBack | undefined {
    if (!this.#isFresh) return undefined;
    this.#isFresh = false;
    return async () => {
      this.allocator = this.open();
    };
  }
}

/** What is native, what is composed, and what is odd. */
function noteOf({ report: { convention, functions }, notes }: ModuleAllocator): string {
  const provisions = Object.entries(functions);
  const native = provisions.flatMap(([, provision]) => ("native" in provision ? [provision.native] : []));
  const composed = provisions.flatMap(([name, provision]) =>
    "composed" in provision ? [`${name} is ${provision.composed}`] : [],
  );
  return [`Called as ${convention}: ${native.join(", ")}`, ...composed, ...notes].join("; ");
}
