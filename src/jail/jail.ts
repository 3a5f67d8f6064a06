/**
 * Runs a module nobody trusts in a Worker, with limits on time and memory. What it can reach is its own
 * memory and the functions of imports.ts; a loop without end ends with its Worker.
 */
import { startWorker } from "#worker";
import * as errors from "../base/errors.js";
import type { JailAnswer, JailJob, Word } from "./jobs.js";

/** Hears what a job says on the way. What it returns for one that wants something, the job gets. */
export type Listener = (word: Word) => unknown;

/**
 * Does a job in a Worker of its own, which is ended after so many seconds; where somebody listens, after so many
 * without a word. While the job waits for what it wants, no time passes.
 * @throws LimitExceeded when it takes too long; ModuleError, ModuleTrap for what it did; what `listen` throws.
 */
export async function runInJail(job: JailJob, seconds: number, listen?: Listener): Promise<unknown> {
  if (!(seconds > 0)) throw new RangeError(`seconds must be more than 0; got ${seconds}`);
  let end = () => {};
  try {
    const answer = await new Promise<JailAnswer>((resolve, reject) => {
      const patience = new Patience(seconds, () => reject(tooLate(seconds, listen !== undefined)));
      const hear = async (word: Word) => {
        patience.stop();
        const given = await listen?.(word);
        if ("wants" in word) worker.post(given);
        patience.start();
      };
      const worker = startWorker({
        message: (said) => (isWord(said) ? void hear(said).catch(reject) : resolve(said as JailAnswer)),
        died: reject,
      });
      end = () => {
        patience.end();
        worker.end();
      };
      worker.post(job);
    });
    if ("result" in answer) return answer.result;
    throw revive(answer.error);
  } finally {
    end();
  }
}

/** Milliseconds a timer can wait; more, and it does not wait at all. */
const LONGEST = 2 ** 31 - 1;

/** Runs out once it has gone on for so long without a stop. */
class Patience {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(
    private readonly seconds: number,
    private readonly lost: () => void,
  ) {
    this.start();
  }

  start(): void {
    this.stop();
    if (!this.#ended) this.#timer = setTimeout(this.lost, Math.min(1000 * this.seconds, LONGEST));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.#ended = true;
    this.stop();
  }
}

function isWord(said: unknown): said is Word {
  return !("result" in (said as object) || "error" in (said as object));
}

function tooLate(seconds: number, maySpeak: boolean): errors.LimitExceeded {
  const time = seconds === 1 ? "1 second" : `${seconds} seconds`;
  const seen = maySpeak ? `made no progress for ${time}` : `was not done after ${time}`;
  return new errors.LimitExceeded(`the module ${seen}: allow a longer timeout, or give it up`);
}

/** The error of a Worker, which crosses over by name and message only. */
function revive({ name, message }: { name: string; message: string }): Error {
  const known: Record<string, new (message: string) => Error> = {
    ModuleError: errors.ModuleError,
    ModuleTrap: errors.ModuleTrap,
    OptionError: errors.OptionError,
    SandboxError: errors.SandboxError,
    OutOfMemory: errors.OutOfMemory,
    RangeError,
  };
  return new (known[name] ?? errors.ZeropageError)(message);
}
