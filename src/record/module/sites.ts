/** Who calls the allocator: the functions of the module in a stack trace of the engine's. */
import { MOST_SITES } from "#shared/records";

/** As V8 and Firefox write a frame: the module's URL, and the number of the function. */
const FRAME = /(?<![^\s(@])([^\s(@]+):wasm-function\[(\d+)\]/;
const MOST_FRAMES = 100;
/** Of a site's text, which may have 4,096. */
const MOST_CHARACTERS = 4000;

/** Sites by number; 0 is unknown. */
export class CallSites {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [""];

  constructor(
    /** What functions are called, by their numbers; undefined for those that the rewriting added. */
    private readonly nameOf: (index: number) => string | undefined,
    /** Told of each site when it has its number: 1, 2, … */
    private readonly onSite: (name: string) => void = () => {},
  ) {}

  /** The number of who calls now. To be called by the recorder, which the module calls. */
  here(): number {
    const name = this.#frames().reverse().join(";");
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (name === "" || this.#names.length === MOST_SITES) return 0;
    this.#names.push(name);
    this.#numbers.set(name, this.#names.length - 1);
    this.onSite(name);
    return this.#names.length - 1;
  }

  name(number: number): string {
    return this.#names[number] as string;
  }

  /** The functions of the module that are running, the innermost first. */
  #frames(): string[] {
    const found = stackTrace().flatMap((line) => {
      const frame = FRAME.exec(line);
      return frame ? [{ url: frame[1], index: Number(frame[2]) }] : [];
    });
    // The innermost is the recorder's own, then comes a wrapper in the module.
    const url = found[1]?.url;
    const names: string[] = [];
    let characters = 0;
    for (const frame of found) {
      const name = frame.url === url ? this.nameOf(frame.index) : undefined;
      if (name === undefined) continue;
      characters += name.length + 1;
      if (characters > MOST_CHARACTERS) break;
      names.push(name);
    }
    return names;
  }
}

/** What V8 lets a program set, which other programs set too: how long a stack trace is, and how it is written. */
interface StackSettings {
  stackTraceLimit?: number | undefined;
  prepareStackTrace?: ((error: Error, frames: readonly object[]) => string) | undefined;
}

function stackTrace(): string[] {
  const settings = Error as unknown as StackSettings;
  const { stackTraceLimit, prepareStackTrace } = settings;
  settings.stackTraceLimit = MOST_FRAMES;
  settings.prepareStackTrace = (_, frames) => frames.join("\n");
  const { stack = "" } = new Error();
  Object.assign(settings, { stackTraceLimit, prepareStackTrace });
  return stack.split("\n");
}
