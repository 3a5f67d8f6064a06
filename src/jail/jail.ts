/**
 * Runs an untrusted module in a Worker, which in Node has a process of its own, with limits on time and memory. The module
 * can reach only its own memory and the functions of foreign/imports.ts. An endless loop ends with its Worker.
 */
import { startWorker } from "#worker";
import * as errors from "../base/errors.js";
import { ownBytes } from "../base/own-file.js";
import { DRIVER, PATTERNS } from "../foreign/link.js";
import { METER } from "../meter/hooks.js";
import type { JailAnswer, JailJob, JobMessage, Start } from "./jobs.js";

/** Called with each message of a job. If the message asks for something, the job gets what this returns. */
export type Listener = (message: JobMessage) => unknown;

/** How work in jail is given up. */
export interface Abortable {
  /** Gives it up: its Worker ends, and the work rejects with the reason of the signal. */
  signal?: AbortSignal;
}

/**
 * Does a job in its own Worker. Ends the Worker after `seconds`; with a listener, after `seconds` without a message.
 * The time that the job waits for a reply does not count. An aborted `signal` ends it at once.
 * @throws LimitExceeded if it takes too long; ModuleError or ModuleTrap for what the module did; whatever `listen` throws.
 */
export async function runInJail(
  job: JailJob,
  seconds: number,
  listen?: Listener,
  signal?: AbortSignal,
): Promise<unknown> {
  if (!(seconds > 0)) throw new RangeError(`seconds must be more than 0; got ${seconds}`);
  const start: Start = { job, files: await filesOfWorker() };
  signal?.throwIfAborted();
  let end = () => {};
  try {
    const answer = await new Promise<JailAnswer>((resolve, reject) => {
      const patience = new Patience(seconds, () => reject(tooLate(seconds, listen !== undefined)));
      const hear = async (message: JobMessage) => {
        patience.stop();
        const given = await listen?.(message);
        if ("wants" in message) (await worker).post(given);
        patience.start();
      };
      const worker = startWorker({
        message: (said) => (isJobMessage(said) ? void hear(said).catch(reject) : resolve(said as JailAnswer)),
        died: reject,
      });
      const giveUp = () => reject(signal?.reason);
      signal?.addEventListener("abort", giveUp);
      end = () => {
        signal?.removeEventListener("abort", giveUp);
        patience.end();
        worker.then((one) => one.end()).catch(() => {});
      };
      worker.then((one) => one.post(start)).catch(reject);
    });
    if ("result" in answer) return answer.result;
    throw revive(answer.error);
  } finally {
    end();
  }
}

async function filesOfWorker(): Promise<Start["files"]> {
  const read = [DRIVER, PATTERNS, METER].map(async (file) => [file.name, await ownBytes(file)] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** Longest time of a timer, in milliseconds. With more it does not wait at all. */
const LONGEST = 2 ** 31 - 1;

/** Calls `lost` when `seconds` have passed since the last start, unless it is stopped. */
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

function isJobMessage(said: unknown): said is JobMessage {
  return !("result" in (said as object) || "error" in (said as object));
}

function tooLate(seconds: number, maySpeak: boolean): errors.LimitExceeded {
  const time = seconds === 1 ? "1 second" : `${seconds} seconds`;
  const seen = maySpeak ? `made no progress for ${time}` : `was not done after ${time}`;
  return new errors.LimitExceeded(`the module ${seen}: allow a longer timeout, or give it up`);
}

/** Makes the error of a Worker again. Only its name and message cross over. */
function revive({ name, message }: { name: string; message: string }): Error {
  const known: Record<string, new (message: string) => Error> = {
    ModuleError: errors.ModuleError,
    ModuleTrap: errors.ModuleTrap,
    UnknownImport: errors.UnknownImport,
    OptionError: errors.OptionError,
    SandboxError: errors.SandboxError,
    OutOfMemory: errors.OutOfMemory,
    RangeError,
  };
  return new (known[name] ?? errors.ZeropageError)(message);
}
