/** What of the code ran, to the block, as V8's profiler counts it: so a fuzzer knows which input reached what none had. */
import { Session } from "node:inspector";

interface FunctionCoverage {
  ranges: { startOffset: number; endOffset: number; count: number }[];
}

interface ScriptCoverage {
  url: string;
  functions: FunctionCoverage[];
}

export class Coverage {
  readonly #session = new Session();
  /** For each script, which of its characters ran. */
  readonly #ran = new Map<string, Uint8Array>();
  /** Characters of code that ran. */
  characters = 0;

  /** @param isOurs which scripts are looked at, by their addresses */
  constructor(private readonly isOurs: (url: string) => boolean) {}

  /** Counts while something runs, and no longer: all code of the process is slower meanwhile. */
  *during<T>(run: Iterable<T>): Generator<T> {
    this.#session.connect();
    this.#post("Profiler.enable");
    this.#post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    try {
      yield* run;
    } finally {
      this.#post("Profiler.stopPreciseCoverage");
      this.#session.disconnect();
    }
  }

  /** Whether anything ran since it was last asked that never had before. */
  isNew(): boolean {
    const before = this.characters;
    const { result } = this.#post("Profiler.takePreciseCoverage") as { result: ScriptCoverage[] };
    for (const { url, functions } of result) {
      if (this.isOurs(url)) for (const one of functions) this.#add(url, one);
    }
    return this.characters > before;
  }

  /** Ranges lie in one another, the outer ones first. */
  #add(url: string, { ranges }: FunctionCoverage): void {
    const { startOffset: start, endOffset: end } = ranges[0] as FunctionCoverage["ranges"][number];
    const ran = new Uint8Array(end - start);
    for (const { startOffset, endOffset, count } of ranges)
      ran.fill(count > 0 ? 1 : 0, startOffset - start, endOffset - start);
    const known = this.#known(url, end);
    for (const [i, one] of ran.entries()) {
      if (!one || known[start + i]) continue;
      known[start + i] = 1;
      this.characters++;
    }
  }

  #known(url: string, length: number): Uint8Array {
    const known = this.#ran.get(url) ?? new Uint8Array(0);
    if (known.length >= length) return known;
    const longer = new Uint8Array(2 * length);
    longer.set(known);
    this.#ran.set(url, longer);
    return longer;
  }

  /** The inspector of its own thread answers at once. */
  #post(method: string, parameters: object = {}): unknown {
    let answer: unknown;
    this.#session.post(method, parameters, (error: Error | null, result?: object) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  }
}
