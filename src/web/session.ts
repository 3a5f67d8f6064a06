/** Both sides and what they run: opens, seeks, and knows what is shown. */
import type { IterContentResult, Report, TraceNotes } from "../index.js";
import { iterContentPage } from "../report/iter-content.js";
import { verdict } from "../report/verdict.js";
import { Cancelled, Client } from "./client.js";
import {
  type Answer,
  type Argument,
  type CallName,
  isModule,
  MODULE_LIMITS,
  type Moment,
  type PageHistory,
  type Played,
  type Progress,
} from "./protocol.js";
import { formatChoice, formatExact, type Input, SIDES, type Side, type ViewState } from "./state.js";
import { bytesPerRead, lengthOf, loopTape, readsTape, type Tape } from "./tape.js";

export interface Opened {
  tape: Tape;
  /** What the format of the trace could not say. */
  losses: readonly string[];
  /** The run of each, or what kept it from running. */
  sides: [Played | SideFailure, Played | SideFailure];
  /** Operations of the tape. */
  length: number;
}

/** A side can be shown no more; the other one can. */
export class SideFailure extends Error {
  override name = "SideFailure";
}

/** One side at one moment. */
export type Shown = Moment | SideFailure;

/** The files a view is about. */
export interface Sources {
  trace(): Promise<Blob>;
  /** @throws if there is none for that side. */
  module(side: Side): Blob;
}

type OnProgress = (text: string, progress: Progress) => void;

export class Session {
  /** One for each side, and one that reads, measures and draws. */
  readonly players: [Client, Client] = [new Client(), new Client()];
  readonly helper = new Client();

  /** Whether both players hold what was opened last. */
  isOpen = false;

  /** What the sides run, and why they do not. */
  #sides: ViewState["sides"] | undefined;
  #failures: [SideFailure?, SideFailure?] = [];
  /** How often something was opened: what comes late gives way. */
  #openings = 0;
  #wanted = 0;
  #isSeeking = false;

  /**
   * @param onShow called with what is to be shown, after each seek; `isThere` unless it is wanted elsewhere by now.
   * @param onError called with what goes wrong on the way, and with each failure of a side once.
   */
  constructor(
    private readonly onShow: (sides: [Shown, Shown], isThere: boolean) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Reads the input and runs it on both sides. @throws if that comes to nothing on either. */
  async open(state: ViewState, sources: Sources, onProgress: OnProgress): Promise<Opened> {
    const opening = ++this.#openings;
    this.isOpen = false;
    const modules = state.sides.map((choice, side) =>
      isModule(choice) ? sources.module(side as Side) : undefined,
    );
    const { tape, losses } = await this.#read(state.input, sources, onProgress);
    if (opening !== this.#openings) throw new Cancelled();
    this.#sides = state.sides;
    this.#failures = [];
    const sides = await Promise.all(
      SIDES.map((side) => {
        const [choice, module] = [state.sides[side], modules[side]];
        const job = { tape, choice, touch: state.touch, ...(module && { module }) };
        const tell = (progress: Progress) => onProgress(`Running ${choice.allocator}`, progress);
        return this.#ask(side, "open", job, tell);
      }),
    );
    const [left, right] = sides as Opened["sides"];
    if (left instanceof SideFailure && right instanceof SideFailure)
      throw new Error(`${left.message}; ${right.message}`);
    if (opening === this.#openings) this.isOpen = true;
    return { tape, losses, sides: [left, right], length: lengthOf(tape) };
  }

  async #read(input: Input, sources: Sources, onProgress: OnProgress) {
    if (input.kind === "loop") {
      return { tape: await loopTape(input.bytes, input.written, input.count), losses: [] };
    }
    if (input.kind === "reads") {
      return { tape: await readsTape(input.way, input.chunk, input.body), losses: [] };
    }
    const bytes = input.kind === "text" ? input.text : await sources.trace();
    const read: { tape: Tape; notes: TraceNotes } = await this.helper.call("readTrace", bytes, {
      onProgress: (progress) => onProgress("Reading the trace", progress),
    });
    return { tape: read.tape, losses: read.notes.losses };
  }

  /** What a side answers, or why it cannot. Whom that happens to is asked no more. @throws Cancelled */
  async #ask<Name extends CallName>(
    side: Side,
    name: Name,
    argument: Argument<Name>,
    onProgress: (progress: Progress) => void,
  ): Promise<Answer<Name> | SideFailure> {
    const [choice, failure] = [(this.#sides as ViewState["sides"])[side], this.#failures[side]];
    if (failure) return failure;
    const mostSilence = isModule(choice) ? MODULE_LIMITS.seconds : undefined;
    try {
      return await this.players[side].call(name, argument, { onProgress, mostSilence });
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      const its = new SideFailure(`${formatChoice(choice)}: ${(error as Error).message}`, { cause: error });
      this.#failures[side] = its;
      if (this.isOpen) this.onError(its);
      return its;
    }
  }

  /** Shows both sides after so many operations. Of calls that come too fast the last one counts. */
  async seek(position: number, onProgress: OnProgress): Promise<void> {
    this.#wanted = position;
    if (this.#isSeeking) return;
    this.#isSeeking = true;
    try {
      for (let shown = Number.NaN; shown !== this.#wanted; ) {
        const at = this.#wanted;
        const tell = (progress: Progress) => onProgress("Going there", progress);
        const sides = await Promise.all(SIDES.map((side) => this.#ask(side, "seek", at, tell)));
        shown = at;
        this.onShow(sides as [Shown, Shown], at === this.#wanted);
      }
    } catch (error) {
      this.onError(error);
    } finally {
      this.#isSeeking = false;
    }
  }

  /** What happened to a page of one side. Not told if that fails. */
  async history(
    side: Side,
    page: Argument<"pageHistory">,
    onProgress: OnProgress,
  ): Promise<PageHistory | undefined> {
    const tell = (progress: Progress) => onProgress("Looking through the past", progress);
    const history = await this.#ask(side, "pageHistory", page, tell);
    return history instanceof SideFailure ? undefined : history;
  }

  /** Ends everything that is running, and what a player that is running holds. */
  cancel(): void {
    if (this.players.some((player) => player.isBusy)) this.isOpen = false;
    for (const client of [...this.players, this.helper]) if (client.isBusy) client.cancel();
  }
}

/** The record that verdicts and charts are made from. */
export function reportOf({ input, touch, sides }: ViewState, opened: Opened): Report {
  const results = runsOf(sides, opened).map(({ result }) => result);
  if (input.kind === "reads") {
    const { way, chunk, body } = input;
    const parameters = { way, chunk: formatExact(chunk), body: formatExact(body) };
    return { scenario: "iter-content", parameters, results };
  }
  if (input.kind !== "loop") {
    const trace = input.kind === "text" ? "program" : input.name;
    return { scenario: "replay", parameters: { trace, touch }, results };
  }
  const { bytes, count, written } = input;
  return {
    scenario: "calloc-loop",
    parameters: { count, written },
    results: results.map((result) => ({ ...result, parameters: { bytes, count, written } })),
  };
}

/** The runs that came about; twice the same allocator is one to a report. */
export function runsOf(choices: ViewState["sides"], { sides }: Opened): Played[] {
  const [left, right] = choices.map(formatChoice);
  return sides
    .slice(0, left === right ? 1 : 2)
    .filter((side): side is Played => !(side instanceof SideFailure));
}

/** What a run comes to, in sentences. `report` is its own. */
export function storyOf({ input, sides }: ViewState, opened: Opened, report: Report): readonly string[] {
  if (input.kind !== "reads") return verdict(report);
  const results = runsOf(sides, opened).map((played) => readsResult(input, played, opened.tape.count));
  return iterContentPage({ scenario: "iter-content", parameters: { body: input.body }, results }).sentences;
}

/** One side of the bug report, as far as it came. */
function readsResult(
  { way, chunk }: Extract<Input, { kind: "reads" }>,
  { end, library, result }: Played,
  recordsPerRead: number,
): IterContentResult {
  const { allocator, options, counters } = result;
  const simulated = result.simulated as IterContentResult["simulated"];
  const reads = Math.floor(end / recordsPerRead);
  const body = reads * bytesPerRead(chunk);
  const bytesPerSecond = simulated.seconds === 0 ? null : body / simulated.seconds;
  return {
    ...{ allocator, options, way, chunk, body, counters, simulated, bytesPerSecond },
    library: { reads, ...library },
  };
}
