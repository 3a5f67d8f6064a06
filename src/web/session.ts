/** Both sides and what they run: opens, seeks, and knows what is shown. */
import type { IterContentResult, Report, TraceNotes } from "../index.js";
import { iterContentPage } from "../report/iter-content.js";
import { verdict } from "../report/verdict.js";
import { Cancelled, Client } from "./client.js";
import { type Argument, isModule, type Moment, type Played, type Progress } from "./protocol.js";
import { formatExact, type Input, SIDES, type Side, type ViewState } from "./state.js";
import { bytesPerRead, lengthOf, loopTape, readsTape, type Tape } from "./tape.js";

export interface Opened {
  tape: Tape;
  /** What the format of the trace could not say. */
  losses: readonly string[];
  sides: [Played, Played];
  /** Operations of the tape. */
  length: number;
}

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

  /** How often something was opened: what comes late gives way. */
  #openings = 0;
  #wanted = 0;
  #isSeeking = false;

  /** @param onMoments called with what is to be shown, after each seek; `isThere` unless it is wanted elsewhere by now. */
  constructor(
    private readonly onMoments: (moments: [Moment, Moment], isThere: boolean) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Reads the input and runs it on both sides. */
  async open(state: ViewState, sources: Sources, onProgress: OnProgress): Promise<Opened> {
    const opening = ++this.#openings;
    this.isOpen = false;
    const modules = state.sides.map((choice, side) =>
      isModule(choice) ? sources.module(side as Side) : undefined,
    );
    const { tape, losses } = await this.#read(state.input, sources, onProgress);
    if (opening !== this.#openings) throw new Cancelled();
    const sides = await Promise.all(
      SIDES.map((side) => {
        const [choice, module] = [state.sides[side], modules[side]];
        const job = { tape, choice, touch: state.touch, ...(module && { module }) };
        return this.#play(side, job, onProgress);
      }),
    );
    if (opening === this.#openings) this.isOpen = true;
    return { tape, losses, sides: sides as [Played, Played], length: lengthOf(tape) };
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

  #play(side: Side, job: Argument<"open">, onProgress: OnProgress): Promise<Played> {
    const tell = (progress: Progress) => onProgress(`Running ${job.choice.allocator}`, progress);
    return this.players[side].call("open", job, { onProgress: tell });
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
        const moments = await Promise.all(
          this.players.map((player) => player.call("seek", at, { onProgress: tell })),
        );
        shown = at;
        this.onMoments(moments as [Moment, Moment], at === this.#wanted);
      }
    } catch (error) {
      this.onError(error);
    } finally {
      this.#isSeeking = false;
    }
  }

  /** Ends everything that is running, and what a player that is running holds. */
  cancel(): void {
    if (this.players.some((player) => player.isBusy)) this.isOpen = false;
    for (const client of [...this.players, this.helper]) if (client.isBusy) client.cancel();
  }
}

/** The record that verdicts and charts are made from. */
export function reportOf({ input, touch, sides }: ViewState, opened: Opened): Report {
  const results = distinct(sides, opened).map(({ result }) => result);
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

/** Twice the same allocator is one to a report. */
function distinct(sides: ViewState["sides"], { sides: [left, right] }: Opened): Played[] {
  return JSON.stringify(sides[0]) === JSON.stringify(sides[1]) ? [left] : [left, right];
}

/** What a run comes to, in sentences. `report` is its own. */
export function storyOf({ input, sides }: ViewState, opened: Opened, report: Report): readonly string[] {
  if (input.kind !== "reads") return verdict(report);
  const results = distinct(sides, opened).map((played) => readsResult(input, played, opened.tape.count));
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
