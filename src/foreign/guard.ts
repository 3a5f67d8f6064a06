import { ModuleTrap, SandboxError } from "../base/errors.js";
import type { Meter } from "../meter/reading.js";
import { explainTrap } from "./explain.js";
import type { HostMemory } from "./host-functions.js";
import type { Linked } from "./link.js";

/** Lets calls through to a linked module as long as it is open and in one piece. */
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

  /** Calls the module. @throws ModuleTrap for what it does, and it is broken then; SandboxError as `live` does. */
  run<T>(call: (linked: Linked) => T): T {
    const linked = this.live;
    this.#forgetRefusal();
    try {
      return call(linked);
    } catch (error) {
      // What the driver and the patterns find is broken whatever the memory.
      const isOwn = !linked.driver.fault.value && !linked.patterns.outsideBytes.value;
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

  /** Whether the growth asked for last was refused, as far as is known: without a meter only what the host was asked for. */
  get #wasRefused(): boolean {
    return this.host.refused || this.meter?.refused === true;
  }
}
