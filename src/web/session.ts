/** One run of a program on both sides: opens them, seeks, and measures. Another run is a session of its own. */
import type { TraceNotes } from "../index.js";
import { Cancelled, Client } from "./client.js";
import {
  type Answer,
  type Argument,
  type AskedPage,
  type CallName,
  type Choice,
  type Chosen,
  isModule,
  MODULE_LIMITS,
  type Moment,
  needsFile,
  type PageHistory,
  type Played,
  type Progress,
} from "./protocol.js";
import { formatChoice, type Input, processOf, SIDES, type Side, type ViewState } from "./state.js";
import { lengthOf, loopTape, readsTape, type Tape } from "./tape.js";

export interface Opened {
  tape: Tape;
  /** What the format of the trace could not express. */
  losses: readonly string[];
  /** The run of each side, or the error that kept it from running. */
  sides: [Played | SideError, Played | SideError];
  /** Operations of the tape. */
  length: number;
}

/** An error of one side, which cannot be shown any more. The other side can. */
export class SideError extends Error {
  override name = "SideError";
}

/** One side at one moment. */
export type Shown = Moment | SideError;

/** The files that a view needs. */
export interface Sources {
  trace(signal: AbortSignal): Promise<Blob>;
  /** The module of a side. @throws if the person has not given its file, or it cannot be fetched. */
  module(side: Side, signal: AbortSignal): Promise<Blob>;
  /** The JavaScript beside it, if the person gave it. */
  glue(side: Side): Blob | undefined;
}

type OnProgress = (text: string, progress: Progress) => void;

export class Session {
  /** A Worker that reads, measures and draws, besides one for each side. */
  readonly helper = new Client();
  readonly #players: [Client, Client] = [new Client(), new Client()];

  /** The page of each side of which moments tell what lies in it. */
  inside: [AskedPage, AskedPage] = [undefined, undefined];

  /** Whether the players hold what was opened. */
  isOpen = false;

  /** What each side runs, and its error if it failed. */
  #chosen: Chosen[] = [];
  #errors: [SideError?, SideError?] = [];
  /** Ends what is fetched. */
  readonly #ending = new AbortController();
  #wanted = { position: 0 };
  #isSeeking = false;

  /**
   * @param onShow called after each seek with what to show; `isThere` unless another position is wanted meanwhile.
   * @param onError called with every error, and once for a side that failed.
   */
  constructor(
    private readonly onShow: (sides: [Shown, Shown], isThere: boolean) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Reads the input and runs it on both sides. @throws if both fail. */
  async open(state: ViewState, sources: Sources, onProgress: OnProgress): Promise<Opened> {
    this.#chosen = await Promise.all(SIDES.map((side) => this.#choose(side, state.sides[side], sources)));
    const { tape, losses } = await this.#read(state.input, sources, onProgress);
    const sides = await Promise.all(
      SIDES.map((side) => {
        const tell = (progress: Progress) => onProgress(`Running ${state.sides[side].allocator}`, progress);
        return this.#ask(side, "open", { tape, touch: state.touch, ...this.chosen(side) }, tell);
      }),
    );
    const [left, right] = sides as Opened["sides"];
    if (left instanceof SideError && right instanceof SideError)
      throw new Error(`${left.message}; ${right.message}`);
    this.isOpen = true;
    return { tape, losses, sides: [left, right], length: lengthOf(tape) };
  }

  async #choose(side: Side, choice: Choice, sources: Sources): Promise<Chosen> {
    if (!needsFile(choice)) return { choice };
    const glue = sources.glue(side);
    return { choice, module: await sources.module(side, this.#ending.signal), ...(glue && { glue }) };
  }

  async #read(input: Input, sources: Sources, onProgress: OnProgress) {
    if (input.kind === "loop") {
      return { tape: loopTape(input.bytes, input.written, input.count), losses: [] };
    }
    if (input.kind === "reads") {
      return { tape: readsTape(input.way, input.chunk, input.body), losses: [] };
    }
    const source = input.kind === "text" ? input.text : await sources.trace(this.#ending.signal);
    const job = { source, process: processOf(input) };
    const read: { tape: Tape; notes: TraceNotes } = await this.helper.call("readTrace", job, {
      onProgress: (progress) => onProgress("Reading the trace", progress),
    });
    return { tape: read.tape, losses: read.notes.losses };
  }

  /** Asks a side. Returns its answer, or the error it failed with. A side that failed is not asked again. @throws Cancelled */
  async #ask<Name extends CallName>(
    side: Side,
    name: Name,
    argument: Argument<Name>,
    onProgress: (progress: Progress) => void,
  ): Promise<Answer<Name> | SideError> {
    const earlier = this.#errors[side];
    if (earlier) return earlier;
    try {
      return await this.#call(this.#players[side], side, name, argument, onProgress);
    } catch (error) {
      if (!(error instanceof SideError)) throw error;
      this.#errors[side] = error;
      if (this.isOpen) this.onError(error);
      return error;
    }
  }

  /** What a side runs, with its file. */
  chosen(side: Side): Chosen {
    return this.#chosen[side] as Chosen;
  }

  /** Calls a Worker on behalf of a side. @throws Cancelled, SideError */
  async #call<Name extends CallName>(
    client: Client,
    side: Side,
    name: Name,
    argument: Argument<Name>,
    onProgress: (progress: Progress) => void,
  ): Promise<Answer<Name>> {
    const { choice } = this.chosen(side);
    const mostSilence = isModule(choice) ? MODULE_LIMITS.seconds : undefined;
    try {
      return await client.call(name, argument, { onProgress, mostSilence });
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      throw new SideError(`${formatChoice(choice)}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Measures a side's allocator on new instances. @throws Cancelled, SideError */
  async measure<Name extends "cliffs" | "costKind">(
    side: Side,
    name: Name,
    job: Omit<Argument<Name>, keyof Chosen>,
    onProgress: OnProgress,
  ): Promise<Answer<Name>> {
    const argument = { ...job, ...this.chosen(side) } as Argument<Name>;
    const text = `Measuring sizes on ${formatChoice(this.chosen(side).choice)}`;
    return this.#call(this.helper, side, name, argument, (progress) => onProgress(text, progress));
  }

  /** Both sides at a position. @throws Cancelled */
  async look(position: number, onProgress: OnProgress): Promise<[Shown, Shown]> {
    const tell = (progress: Progress) => onProgress("Going there", progress);
    const sides = SIDES.map((side) => this.#ask(side, "seek", { position, inside: this.inside[side] }, tell));
    return (await Promise.all(sides)) as [Shown, Shown];
  }

  /** Shows both sides at a position. While one seek runs, only the last of further calls counts. */
  async seek(position: number, onProgress: OnProgress): Promise<void> {
    this.#wanted = { position };
    if (this.#isSeeking) return;
    this.#isSeeking = true;
    try {
      for (let shown: object | undefined; shown !== this.#wanted; ) {
        const at = this.#wanted;
        const sides = await this.look(at.position, onProgress);
        shown = at;
        this.onShow(sides, at === this.#wanted);
      }
    } catch (error) {
      this.onError(error);
    } finally {
      this.#isSeeking = false;
    }
  }

  /** The history of a page of one side; undefined if that fails. */
  async history(
    side: Side,
    page: Argument<"pageHistory">,
    onProgress: OnProgress,
  ): Promise<PageHistory | undefined> {
    const tell = (progress: Progress) => onProgress("Looking through the past", progress);
    const history = await this.#ask(side, "pageHistory", page, tell);
    return history instanceof SideError ? undefined : history;
  }

  /** A count of both sides from one position to another, after each operation. @throws Cancelled, SideError */
  async course(stretch: Argument<"course">): Promise<[Float64Array, Float64Array]> {
    const courses = await Promise.all(SIDES.map((side) => this.#ask(side, "course", stretch, () => {})));
    for (const course of courses) if (course instanceof SideError) throw course;
    return courses as [Float64Array, Float64Array];
  }

  /** The call paths of the whole run of one side, as a file. @throws Cancelled, SideError */
  async profile(side: Side, job: Argument<"profile">): Promise<Answer<"profile">> {
    const made = await this.#ask(side, "profile", job, () => {});
    if (made instanceof SideError) throw made;
    return made;
  }

  /** Ends everything that runs. A running player loses what it holds. */
  cancel(): void {
    if (this.#players.some((player) => player.isBusy)) this.isOpen = false;
    for (const client of [...this.#players, this.helper]) if (client.isBusy) client.cancel();
  }

  /** Ends the session: it holds nothing any more. */
  end(): void {
    this.isOpen = false;
    this.#ending.abort();
    for (const client of [...this.#players, this.helper]) client.cancel();
  }
}
