/**
 * What is shown: a view of which both sides ran, in all parts of the page that draw it. Another takes its place when it ran too.
 *
 *      moments ─→ maps, panels of the sides, transport, headline, program, figures and counters
 *      what the person looks at ─→ the state of the view ─→ the link
 */
import type { Busy } from "./busy.js";
import { Charts } from "./charts.js";
import { CheckPanel } from "./check/check-panel.js";
import { Cancelled } from "./client.js";
import { type BothCounted, countRange, tellRange } from "./counted-range.js";
import { buildCounters, showCounters } from "./counters.js";
import { DivergencePanel } from "./divergence.js";
import { byId } from "./dom.js";
import { buildFigures, showFigures } from "./figures.js";
import { Headline } from "./headline.js";
import { Legend } from "./legend.js";
import { Maps } from "./maps.js";
import { titleOf } from "./program-name.js";
import { ProgramPanel } from "./program-panel.js";
import { isModule, type Moment } from "./protocol.js";
import { type Session, type Shown, SideError } from "./session.js";
import type { Shared } from "./share/shared.js";
import { SidePanel } from "./side-panel.js";
import { formatChoice, pagesInside, type Range, SIDES, type Side, type ViewState } from "./state.js";
import { MOST_MEASURED, noteOn, reportOf, sidesOf } from "./story.js";
import { marksOf } from "./tape.js";
import { type Told, tell, tellFirst } from "./telling.js";
import { Transport } from "./transport.js";

type Loop = Extract<ViewState["input"], { kind: "loop" }>;

/** A view, and what runs it. */
export interface View extends Told {
  session: Session;
}

export class Showing {
  #view: View | undefined;
  /** Both sides as they are shown. */
  #moments: readonly (Moment | undefined)[] = [];

  readonly #transport = new Transport(
    (position, settled) => this.#seek(position, settled),
    (speed) => this.change({ speed }),
    (range) => void this.#count(range).catch(this.onError),
  );
  readonly #maps = new Maps({
    onLook: (look) => {
      this.change(look);
      if (look.inside !== undefined || (look.pages && this.#view?.state.inside)) this.#lookInside();
    },
    onAsk: (side, address) => void this.#ask(side, address).catch(this.onError),
    onColour: (sides) => this.#legend.show(sides),
  });
  readonly #legend = new Legend((hidden) => {
    this.change({ hidden });
    this.#maps.hide(hidden);
  });
  readonly #headline = new Headline();
  readonly #program = new ProgramPanel();
  readonly #divergence: DivergencePanel;
  readonly #panels = SIDES.map(
    (side) =>
      new SidePanel(side === 0 ? "left" : "right", this.#maps.sides[side], {
        onRange: (start, end) => this.#maps.fitTo(side, start, end),
        onSeek: (position) => this.#seek(position, true),
        onOutside: () => this.#maps.tellInside(false),
      }),
  );
  readonly #check = new CheckPanel();
  readonly #charts: Charts;

  /** @param onChange called with the state of the view, once the person looks at something else. */
  constructor(
    private readonly busy: Busy,
    private readonly onChange: (state: ViewState) => void,
    private readonly onError: (error: unknown) => void,
  ) {
    this.#divergence = new DivergencePanel(
      busy,
      () =>
        this.#view && {
          session: this.#view.session,
          ...this.#view.opened,
          position: this.#transport.position,
        },
      (position) => this.#seek(position, true),
      onError,
    );
    this.#charts = new Charts(
      busy,
      () => this.#view,
      (chart) => this.change({ chart }),
      onError,
    );
    buildFigures();
    byId("range").addEventListener("click", () => void this.#count(null));
    byId("all-counters").addEventListener("click", () => byId("counters-title").focus());
    byId("sides").append(...this.#panels.map(({ element }) => element));
    byId("calls").append(...this.#panels.map(({ calls }) => calls));
  }

  /** None until the first ran. */
  get view(): View | undefined {
    return this.#view;
  }

  /** What there is to share. */
  get shared(): Shared | undefined {
    return (
      this.#view && {
        ...this.#view,
        moments: this.#moments,
        maps: this.#maps.sides.map(({ canvas }) => canvas),
        busy: this.busy,
        onError: this.onError,
      }
    );
  }

  // ---- The view ----

  /** Shows another view. */
  open(view: View, shown: [Shown, Shown]): void {
    this.#view?.session.end();
    this.#view = view;
    this.#build(view);
    this.show(shown, true);
  }

  #build(view: View): void {
    const { state, opened, session } = view;
    const { sides, hidden } = state;
    document.title = titleOf(state);
    const timelines = opened.sides.map((side) => (side instanceof SideError ? [] : side.timeline));
    const { length, tape } = opened;
    const marks = marksOf(tape);
    this.#transport.load({ length, period: tape.count, sides: timelines, marks }, state.speed);
    this.#divergence.clear();
    this.#transport.mark(state.range);
    tellRange(state.range);
    if (state.range) void this.#count(state.range).catch(this.onError);
    for (const side of SIDES) {
      const run = opened.sides[side];
      this.#panels[side]?.open(formatChoice(sides[side]), noteOn(run));
      this.#maps.sides[side].open(run instanceof SideError ? [] : run.mapped);
    }
    this.#maps.open(state);
    this.#maps.hide(hidden);
    this.#legend.open(sides, hidden);
    buildCounters(state);
    this.#headline.open(state, opened);
    this.#program.open(state.input, tape);
    this.#check.offer(state, session);
    this.#charts.offer(state, opened).catch(this.onError);
    tellFirst(view);
  }

  /** Notes what the person looks at. */
  change(change: Partial<ViewState>): void {
    if (!this.#view) return;
    this.#view.state = { ...this.#view.state, ...change };
    this.onChange(this.#view.state);
  }

  /** Finds out how the loop's cost grows with its size. This takes longer, and so comes last. */
  async judgeCost({ bytes, written }: Loop): Promise<void> {
    const view = this.#view as View;
    const { state, opened, session } = view;
    const report = reportOf(state, opened);
    for (const [index, side] of sidesOf(state.sides, opened).entries()) {
      if (isModule(state.sides[side]) && bytes > MOST_MEASURED) continue;
      const cost = await this.busy
        .run("Measuring sizes", (onProgress) =>
          session.measure(side, "costKind", { bytes, written }, onProgress),
        )
        .catch((error) => this.#view === view && !(error instanceof Cancelled) && this.onError(error));
      if (this.#view !== view) return;
      const result = report.results[index];
      if (cost && result) result.cost = cost;
    }
    tell(report, view);
  }

  // ---- A moment of it ----

  pause(): void {
    this.#transport.pause();
  }

  /** Shows both sides; `isThere` unless another position is wanted meanwhile. */
  show(sides: [Shown, Shown], isThere: boolean): void {
    const [left, right] = sides.map((shown, side) => {
      if (!(shown instanceof SideError)) return shown;
      this.#panels[side]?.open(formatChoice((this.#view as View).state.sides[side as Side]), noteOn(shown));
      return undefined;
    });
    this.#moments = [left, right];
    for (const side of SIDES) this.#panels[side]?.show([left, right][side]);
    this.#maps.show([left, right]);
    const places = [left, right].map((moment) => moment?.position ?? 0);
    this.#transport.show(Math.max(...places), isThere);
    this.#headline.show([left, right]);
    this.#program.show([left, right]);
    if (!this.#view?.state.range) this.#showCounted([left, right]);
  }

  #showCounted(counted: BothCounted): void {
    showFigures(counted);
    showCounters([counted[0], counted[1]]);
  }

  #seek(position: number, settled: boolean): void {
    if (settled) this.change({ at: position });
    void this.#goTo(position);
  }

  /** Asks anew what lies in the pages of which that is to be told. */
  #lookInside(): void {
    if (!this.#view) return;
    this.#view.session.inside = pagesInside(this.#view.state);
    void this.#goTo(this.#transport.position);
  }

  async #goTo(position: number): Promise<void> {
    const { session } = this.#view ?? {};
    if (session?.isOpen)
      await this.busy.run("Going there", (onProgress) => session.seek(position, onProgress));
  }

  /** Counts a range of operations; null for all up to what is shown. */
  async #count(range: Range | null): Promise<void> {
    const { session } = this.#view ?? {};
    if (!session?.isOpen) return;
    this.change({ range });
    this.#transport.mark(range);
    tellRange(range);
    if (range === null) {
      this.#showCounted(this.#moments);
      return;
    }
    const counted = await this.busy.run("Counting", (onProgress) => countRange(session, range, onProgress));
    if (this.#view?.session === session && this.#view.state.range === range) this.#showCounted(counted);
  }

  async #ask(side: Side, address: number): Promise<void> {
    const { session } = this.#view ?? {};
    if (!session?.isOpen) return;
    const position = this.#transport.position;
    const history = await this.busy.run("Looking through the past", (onProgress) =>
      session.history(side, { address, position }, onProgress),
    );
    if (history) this.#panels[side]?.showHistory(address, history);
    else await this.#goTo(position);
  }
}
