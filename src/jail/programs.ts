/** Runs programs on a module in a Worker, one after the other. One that hangs ends it; the next has a Worker of its own. */
import { LimitExceeded, ModuleError, UnknownImport } from "../base/errors.js";
import { type Program, programTrace } from "../fuzz/program.js";
import type { Ran } from "../fuzz/run.js";
import { type CollectedTrace, collectTrace } from "../trace/collect.js";
import { runInJail } from "./jail.js";
import type { JobMessage, Opened, ProgramsJob } from "./jobs.js";

/** How the fault of a program that does not end begins. */
const HANGS = "it hangs";

export const isHanging = (fault: string): boolean => fault.startsWith(HANGS);

interface Awaiting<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export class JailedPrograms {
  #isRunning = false;
  #isOver = false;
  #opened?: Awaiting<Opened> | undefined;
  #ran?: Awaiting<Ran> | undefined;
  /** Given when the Worker asks. */
  #next: CollectedTrace | undefined;
  /** Gives what the Worker asked for. */
  #give: ((next: CollectedTrace | null) => void) | undefined;

  /** @param seconds time limit of each program, including the start of a Worker */
  constructor(
    private readonly job: ProgramsJob,
    private readonly seconds: number,
  ) {}

  /** Opens the module. @throws ModuleError, ModuleTrap or LimitExceeded if that fails */
  open(): Promise<Opened> {
    return new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
      this.#start();
    });
  }

  /** Runs a program. @throws UnknownImport if the module calls what is not known; ModuleError if it cannot be opened */
  async run(program: Program): Promise<Ran> {
    const next = await collectTrace(programTrace(program));
    return new Promise((resolve, reject) => {
      this.#ran = { resolve, reject };
      this.#next = next;
      if (!this.#isRunning) this.#start();
      this.#pass();
    });
  }

  /** Ends the Worker, as soon as it has nothing to do. */
  end(): void {
    this.#isOver = true;
    this.#give?.(null);
    this.#give = undefined;
  }

  #start(): void {
    this.#isRunning = true;
    runInJail({ programs: this.job }, this.seconds, (message) => this.#hear(message)).catch((error) =>
      this.#ended(error),
    );
  }

  #hear(message: JobMessage): unknown {
    if ("opened" in message) this.#opened?.resolve(message.opened);
    if (!("wants" in message)) return undefined;
    if (this.#isOver) return null;
    const asked = new Promise((resolve) => {
      this.#give = resolve;
    });
    if (message.wants === "program" && message.ran) this.#ran?.resolve(message.ran);
    this.#pass();
    return asked;
  }

  #pass(): void {
    if (!this.#give || !this.#next) return;
    this.#give(this.#next);
    this.#give = undefined;
    this.#next = undefined;
  }

  #ended(error: Error): void {
    this.#isRunning = false;
    this.#give = undefined;
    this.#next = undefined;
    this.#opened?.reject(error);
    if (error instanceof UnknownImport || error instanceof ModuleError) this.#ran?.reject(error);
    else if (error instanceof LimitExceeded) this.#ran?.resolve(faulty(`${HANGS}: ${error.message}`));
    else this.#ran?.resolve(faulty(error.message));
  }
}

const faulty = (fault: string): Ran => ({ failedAllocations: 0, fault });
