import { ModuleTrap, SandboxError } from "../base/errors.js";
import type { Meter } from "../meter/reading.js";
import { explainTrap } from "./explain.js";
import type { HostMemory } from "./host-functions.js";
import type { Linked } from "./link.js";

/** Lets calls through to a linked module until it is closed or traps. */
export class Guard {
  #broken: ModuleTrap | undefined;
  #starved = false;
  #open = true;

  constructor(
    private readonly linked: Linked,
    private readonly host: HostMemory,
    private readonly meter: Meter | undefined,
  ) {}

  /** The linked module. @throws SandboxError if it is closed or broken. */
  get live(): Linked {
    if (!this.#open) throw new SandboxError("the allocator is closed: open another");
    if (this.#broken) {
      throw new SandboxError("the module trapped before, so its state is unknown: open it again", {
        cause: this.#broken,
      });
    }
    return this.linked;
  }

  /** Whether it is broken because the module trapped in a call in which its memory could not grow. */
  get starved(): boolean {
    return this.#starved;
  }

  /** Calls the module. @throws ModuleTrap if it traps, after which it is broken; SandboxError as `live` does. */
  run<T>(call: (linked: Linked) => T): T {
    const linked = this.live;
    this.#forgetRefusal();
    try {
      return call(linked);
    } catch (error) {
      // A trap whose cause the driver or the patterns recorded has nothing to do with the memory.
      const isOwn = !linked.driver.trapCause.value && !linked.patterns.outsideBytes.value;
      const explained = explainTrap(error, linked);
      if (explained instanceof ModuleTrap) {
        this.#broken = explained;
        this.#starved = isOwn && this.#wasRefused;
        if (this.#starved) explained.message += ", after its memory was refused to grow";
      }
      throw explained;
    }
  }

  close(): void {
    this.#open = false;
  }

  #forgetRefusal(): void {
    this.host.refused = false;
    if (this.meter) this.meter.refused = false;
  }

  /** Whether the last growth was refused. Without a meter only growth that the host was asked for is known. */
  get #wasRefused(): boolean {
    return this.host.refused || this.meter?.refused === true;
  }
}
