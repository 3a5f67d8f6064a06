/** Runs the candidates of a tune in Workers, as many at once as there are. What they come to does not depend on how many. */
import { startWorkerAt } from "../jail/worker.node.js";
import type { JailWorker } from "../jail/worker.web.js";
import type { Candidate, Conditions, Evaluation, NamedTrace } from "../tune/evaluate.js";
import type { TuneEvaluator, TuneJob } from "../tune/tune.js";

/** What a Worker is told: traces, once, or a candidate to run on some that it was told of. */
export type TuneRequest =
  | { define: number; traces: readonly NamedTrace[] }
  | { on: number; candidate: Candidate; conditions: Conditions };

export interface TunePool {
  evaluator: TuneEvaluator;
  close(): void;
}

/** Starts so many Workers. */
export function openTunePool(workers: number): TunePool {
  const shelf = new Shelf();
  const all = Array.from({ length: workers }, () => new TuneWorker(shelf));
  return {
    async evaluator(jobs, isOver, onDone) {
      const done: (Evaluation | undefined)[] = jobs.map(() => undefined);
      let next = 0;
      const work = async (worker: TuneWorker) => {
        while (next < jobs.length && !isOver()) {
          const place = next++;
          const evaluation = await worker.run(jobs[place] as TuneJob);
          onDone?.(place, evaluation);
          done[place] = evaluation;
        }
      };
      await Promise.all(all.map(work));
      return done;
    },
    close() {
      for (const worker of all) worker.end();
    },
  };
}

/** Traces by number, in memory that all Workers share. */
class Shelf {
  readonly #numbers = new Map<readonly NamedTrace[], number>();
  readonly #shared: (readonly NamedTrace[])[] = [];

  numberOf(traces: readonly NamedTrace[]): number {
    const known = this.#numbers.get(traces);
    if (known !== undefined) return known;
    this.#numbers.set(traces, this.#shared.length);
    return this.#shared.push(traces.map((trace) => ({ ...trace, records: shared(trace.records) }))) - 1;
  }

  at(number: number): readonly NamedTrace[] {
    return this.#shared[number] as readonly NamedTrace[];
  }
}

function shared(records: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(records.length));
  copy.set(records);
  return copy;
}

class TuneWorker {
  readonly #worker: JailWorker;
  readonly #told = new Set<number>();
  #settle: { resolve: (evaluation: Evaluation) => void; reject: (error: unknown) => void } | undefined;

  #death: unknown;

  constructor(private readonly shelf: Shelf) {
    this.#worker = startWorkerAt(new URL("./tune-worker.js", import.meta.url), {
      message: (answer) => this.#settle?.resolve(answer as Evaluation),
      died: (error) => {
        this.#death = error;
        this.#settle?.reject(error);
      },
    });
  }

  /** @throws what ended the Worker */
  async run({ candidate, traces, conditions }: TuneJob): Promise<Evaluation> {
    if (this.#death !== undefined) throw this.#death;
    const on = this.shelf.numberOf(traces);
    if (!this.#told.has(on)) this.#post({ define: on, traces: this.shelf.at(on) });
    this.#told.add(on);
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#post({ on, candidate, conditions });
    });
  }

  #post(request: TuneRequest): void {
    this.#worker.post(request);
  }

  end(): void {
    this.#worker.end();
  }
}
