/**
 * The page: connects what is chosen, what is run and what is shown.
 *
 *      URL ─→ ViewState ─→ Session (Workers) ─→ moments ─→ maps, code, counters
 *       └──────── Transport, Setup, maps change it ────────┘
 *
 * It uses plain modules and the document itself: a framework would only wrap one page with fixed parts.
 */
import { formatCount } from "../index.js";
import { AddressBar } from "./address-bar.js";
import { Assumption } from "./assumption.js";
import { Busy } from "./busy.js";
import { Charts } from "./charts.js";
import { CheckPanel } from "./check/check-panel.js";
import { Cancelled, WorkerError } from "./client.js";
import { type BothCounted, countRange, tellRange, within } from "./counted-range.js";
import { buildCounters, showCounters } from "./counters.js";
import { DivergencePanel } from "./divergence.js";
import { byId, make } from "./dom.js";
import { embed } from "./embed.js";
import { buildFigures, showFigures } from "./figures.js";
import { asModule, type Files, isScript, isWasm, linkable, MissingFile, sourcesOf } from "./files.js";
import { GuidePanel } from "./guide-panel.js";
import { Headline } from "./headline.js";
import {
  afresh,
  chosen,
  sideWaiting,
  type There,
  type Wanted,
  withModule,
  withScript,
  withTrace,
} from "./intake.js";
import { Legend } from "./legend.js";
import { readLink } from "./link.js";
import { Maps } from "./maps.js";
import { keepMenus } from "./menus.js";
import { keepForLater } from "./offline.js";
import { Problem } from "./problem.js";
import { titleOf } from "./program-name.js";
import { ProgramPanel } from "./program-panel.js";
import { isModule, type Moment } from "./protocol.js";
import { type Opened, Session, type Shown, SideError } from "./session.js";
import { Setup } from "./setup.js";
import { offerSharing } from "./share/share-menu.js";
import type { Shared } from "./share/shared.js";
import { SidePanel } from "./side-panel.js";
import {
  DEFAULT,
  formatChoice,
  formatState,
  hasProcesses,
  type Place,
  pagesInside,
  type Range,
  SIDES,
  type Side,
  type ViewState,
} from "./state.js";
import { guided, storyLinks } from "./stories.js";
import { MOST_MEASURED, noteOn, reportOf, sidesOf, tellingMoment } from "./story.js";
import { unsupported } from "./support.js";
import { marksOf } from "./tape.js";
import { type Told, tell, tellFirst } from "./telling.js";
import { Transport } from "./transport.js";

/** Processes that are offered by buttons. */
const MOST_OFFERED = 12;

type Loop = Extract<ViewState["input"], { kind: "loop" }>;

/** What is shown. */
interface View extends Told {
  session: Session;
}

/** What is to be shown next. Until it runs, the view stays that is there. */
interface Next extends Wanted {
  /** Whether it is the person's doing, and so a step of the history. A link is one already. */
  isNew: boolean;
}

class App {
  #view: View | undefined;
  /** Both sides as they are shown. */
  #moments: readonly (Moment | undefined)[] = [];
  #opening: (Next & { session: Session }) | undefined;
  /** A view that lacks a file, which may be dropped. */
  #lacking: ViewState | undefined;
  #files: Files = new Map();
  /** Counts links that were followed. Only the last one counts. */
  #followed = 0;

  readonly #busy = new Busy(() => this.#cancel());
  readonly #problem = new Problem();
  readonly #addressBar = new AddressBar((fragment) => void this.#follow(fragment));
  readonly #transport = new Transport(
    (position, settled) => this.#seek(position, settled),
    (speed) => this.#change({ speed }),
    (range) => void this.#count(range).catch((error) => this.#fail(error)),
  );
  readonly #setup = new Setup(
    (choices) => this.#run(chosen(choices, this.#there)),
    (file, side) => void this.#take(file, side),
    (error) => this.#fail(error),
  );
  readonly #maps = new Maps({
    onLook: (look) => {
      this.#change(look);
      if (look.inside !== undefined || (look.pages && this.#view?.state.inside)) this.#lookInside();
    },
    onAsk: (side, address) => void this.#ask(side, address).catch((error) => this.#fail(error)),
    onColour: (sides) => this.#legend.show(sides),
  });
  readonly #legend = new Legend((hidden) => {
    this.#change({ hidden });
    this.#maps.hide(hidden);
  });
  readonly #assumption = new Assumption((touch) => {
    if (this.#view) this.#open({ state: { ...this.#view.state, touch }, files: this.#files, isNew: true });
  });
  readonly #headline = new Headline();
  readonly #guide = new GuidePanel((place) => this.#goOn(place));
  readonly #program = new ProgramPanel();
  readonly #divergence = new DivergencePanel(
    this.#busy,
    () =>
      this.#view && {
        session: this.#view.session,
        ...this.#view.opened,
        position: this.#transport.position,
      },
    (position) => this.#seek(position, true),
    (error) => this.#fail(error),
  );
  readonly #panels = SIDES.map(
    (side) =>
      new SidePanel(side === 0 ? "left" : "right", this.#maps.sides[side], {
        onRange: (start, end) => this.#maps.fitTo(side, start, end),
        onSeek: (position) => this.#seek(position, true),
        onOutside: () => this.#maps.tellInside(false),
      }),
  );
  readonly #check = new CheckPanel();
  readonly #charts = new Charts(
    this.#busy,
    () => this.#view,
    (chart) => this.#change({ chart }),
    (error) => this.#fail(error),
  );

  start(): void {
    buildFigures();
    byId("range").addEventListener("click", () => void this.#count(null));
    byId("all-counters").addEventListener("click", () => byId("counters-title").focus());
    keepMenus();
    offerSharing(() => this.#shared());
    byId("stories").append(...storyLinks());
    byId("sides").append(...this.#panels.map(({ element }) => element));
    byId("calls").append(...this.#panels.map(({ calls }) => calls));
    void this.#follow(location.hash);
  }

  // ---- What is chosen ----

  async #follow(fragment: string): Promise<void> {
    const followed = ++this.#followed;
    this.#abandon();
    try {
      const state = await readLink(fragment);
      if (followed !== this.#followed) return;
      if (this.#view && formatState(state) === formatState(this.#view.state)) this.#keep();
      else this.#open({ state, files: this.#files, isNew: false });
    } catch (error) {
      if (followed === this.#followed) this.#refuse(error);
    }
  }

  /** Goes on with what is shown. */
  #keep(): void {
    if (!this.#view) return;
    this.#abandon();
    this.#problem.clear();
    this.#setup.write(this.#view.state);
    this.#guide.show(this.#view.state.guide, this.#view.opened);
    this.#addressBar.note(this.#view.state);
  }

  /** Runs what the person wants. */
  #run(wanted: Wanted): void {
    this.#open({ ...wanted, isNew: true });
  }

  get #there(): There {
    return { shown: this.#view?.state, lacking: this.#lacking, files: this.#files };
  }

  /** Takes a file for what it is. */
  async #take(file: File, given: Side | undefined): Promise<void> {
    // Until it is known what is to be shown.
    byId("view").ariaBusy = "true";
    try {
      if (isScript(file)) this.#takeScript(file);
      else if (await isWasm(file)) this.#takeModule(asModule(file), given);
      else this.#run(withTrace(file, this.#there));
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Takes the JavaScript beside a module. What is shown is opened anew if it has a module that this may be of. */
  #takeScript(file: File): void {
    const { state, files, isAwaited } = withScript(file, this.#there);
    this.#files = files;
    if (isAwaited) {
      this.#open({ state, files, isNew: false });
      return;
    }
    byId("view").ariaBusy = "false";
    this.#problem.show(`${file.name} is read for the names of a module: drop the .wasm beside it on a map.`);
  }

  /** Makes a module the allocator of the side it was given to, or of the side for which a link names it. */
  #takeModule(file: File, given: Side | undefined): void {
    const side = given ?? sideWaiting(file.name, this.#there);
    const run = (to: Side) => this.#run(withModule(file, to, this.#there));
    if (side !== undefined) {
      run(side);
      return;
    }
    byId("view").ariaBusy = "false";
    this.#problem.show(
      `Drop ${file.name} on a map to make it the allocator of that side.`,
      { name: "Left side", act: () => run(0) },
      { name: "Right side", act: () => run(1) },
    );
  }

  /** Goes to a step of a guided story, or leaves it. */
  #goOn(place: Place | null): void {
    if (place) this.#run({ state: guided(place), files: this.#files });
    else {
      this.#change({ guide: null });
      this.#guide.show(null);
    }
  }

  #change(change: Partial<ViewState>): void {
    if (!this.#view) return;
    this.#view.state = { ...this.#view.state, ...change };
    this.#addressBar.note(this.#view.state);
  }

  // ---- What is run ----

  #open(next: Next): void {
    this.#abandon();
    this.#problem.clear();
    this.#setup.write(next.state);
    this.#guide.show(next.state.guide);
    byId("view").ariaBusy = "true";
    if (!this.#view) {
      byId("story").replaceChildren(make("p", { textContent: "Running …" }));
      this.#assumption.show(next.state);
    }
    const session: Session = new Session(
      (sides, isThere) => {
        if (this.#view?.session === session) this.#show(sides, isThere);
      },
      (error) => {
        // Whoever cancels shows a message itself.
        if (this.#view?.session === session && !(error instanceof Cancelled)) this.#fail(error);
      },
    );
    const opening = { ...next, session };
    this.#opening = opening;
    this.#load(opening).catch((error) => {
      if (this.#opening === opening) this.#refuse(error, next);
    });
  }

  /** Ends what is being opened. */
  #abandon(): void {
    this.#opening?.session.end();
    this.#opening = undefined;
    byId("view").ariaBusy = "false";
  }

  /** Runs what is chosen, and shows it once both sides ran; or one, if nothing else could be shown. */
  async #load(next: Next & { session: Session }): Promise<void> {
    Object.assign(next, await linkable(next));
    const { state, files, session } = next;
    const isCurrent = () => this.#opening === next;
    const { opened, shown } = await this.#busy.run("Starting", async (onProgress) => {
      const opened = await session.open(state, sourcesOf(state, files), onProgress);
      session.inside = pagesInside(state);
      const failed = opened.sides.find((side) => side instanceof SideError);
      if (failed && this.#view) throw failed;
      return { opened, shown: await session.look(state.at ?? tellingMoment(state, opened), onProgress) };
    });
    if (!isCurrent()) return;
    this.#replaceView(next, opened, shown);
    if (state.input.kind === "loop") await this.#judgeCost(this.#view as View, state.input);
  }

  #replaceView(
    { state: wanted, files, session, advice = "", isNew }: Next & { session: Session },
    opened: Opened,
    shown: [Shown, Shown],
  ): void {
    this.#view?.session.end();
    const state = { ...wanted, range: within(wanted.range, opened.length) };
    this.#view = { state, session, opened, advice };
    this.#files = files;
    this.#lacking = undefined;
    this.#opening = undefined;
    if (isNew) this.#addressBar.push(state);
    this.#build(this.#view);
    this.#show(shown, true);
    for (const side of opened.sides) if (side instanceof SideError) this.#fail(side);
    byId("view").ariaBusy = "false";
    byId<HTMLDetailsElement>("setup").open = false;
    keepForLater();
  }

  /** Says why a view cannot be shown, and what can be done. What is shown stays. */
  #refuse(error: unknown, next?: Next): void {
    this.#abandon();
    if (error instanceof MissingFile && next) {
      this.#lacking = next.state;
      this.#files = next.files;
    }
    if (!this.#view) byId("story").replaceChildren();
    if (error instanceof WorkerError && error.processes.length > 0) {
      this.#offerProcesses(error, next as Next);
      return;
    }
    if (this.#view)
      this.#problem.show(messageOf(error), { name: "Go on as before", act: () => this.#keep() });
    else
      this.#problem.show(messageOf(error), {
        name: "Show an example",
        act: () => this.#run({ state: DEFAULT, files: this.#files }),
      });
  }

  /** Finds out how the loop's cost grows with its size. This takes longer, and so comes last. */
  async #judgeCost(view: View, { bytes, written }: Loop): Promise<void> {
    const { state, opened, session } = view;
    const report = reportOf(state, opened);
    for (const [index, side] of sidesOf(state.sides, opened).entries()) {
      if (isModule(state.sides[side]) && bytes > MOST_MEASURED) continue;
      const cost = await this.#busy
        .run("Measuring sizes", (onProgress) =>
          session.measure(side, "costKind", { bytes, written }, onProgress),
        )
        .catch((error) => this.#view === view && !(error instanceof Cancelled) && this.#fail(error));
      if (this.#view !== view) return;
      const result = report.results[index];
      if (cost && result) result.cost = cost;
    }
    tell(report, view);
  }

  // ---- What is shown ----

  #build({ state, opened }: View): void {
    const { sides, hidden } = state;
    document.title = titleOf(state);
    const timelines = opened.sides.map((side) => (side instanceof SideError ? [] : side.timeline));
    const { length, tape } = opened;
    const marks = marksOf(tape);
    this.#transport.load({ length, period: tape.count, sides: timelines, marks }, state.speed);
    this.#divergence.clear();
    this.#transport.mark(state.range);
    tellRange(state.range);
    if (state.range) void this.#count(state.range).catch((error) => this.#fail(error));
    for (const side of SIDES) {
      const run = opened.sides[side];
      this.#panels[side]?.open(formatChoice(sides[side]), noteOn(run));
      this.#maps.sides[side].open(run instanceof SideError ? [] : run.mapped);
    }
    this.#maps.open(state);
    this.#maps.hide(hidden);
    this.#legend.open(sides, hidden);
    buildCounters(state);
    this.#assumption.show(state);
    this.#headline.open(state, opened);
    this.#guide.show(state.guide, opened);
    this.#program.open(state.input, tape);
    this.#check.offer(state, (this.#view as View).session);
    this.#charts.offer(state, opened).catch((error) => this.#fail(error));
    tellFirst(this.#view as View);
  }

  #shared(): Shared | undefined {
    return (
      this.#view && {
        ...this.#view,
        moments: this.#moments,
        maps: this.#maps.sides.map(({ canvas }) => canvas),
        busy: this.#busy,
        onError: (error) => this.#fail(error),
      }
    );
  }

  #seek(position: number, settled: boolean): void {
    if (settled) this.#change({ at: position });
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
      await this.#busy.run("Going there", (onProgress) => session.seek(position, onProgress));
  }

  #show(sides: [Shown, Shown], isThere: boolean): void {
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

  /** Counts a range of operations; null for all up to what is shown. */
  async #count(range: Range | null): Promise<void> {
    const { session } = this.#view ?? {};
    if (!session?.isOpen) return;
    this.#change({ range });
    this.#transport.mark(range);
    tellRange(range);
    if (range === null) {
      this.#showCounted(this.#moments);
      return;
    }
    const counted = await this.#busy.run("Counting", (onProgress) => countRange(session, range, onProgress));
    if (this.#view?.session === session && this.#view.state.range === range) this.#showCounted(counted);
  }

  async #ask(side: Side, address: number): Promise<void> {
    const { session } = this.#view ?? {};
    if (!session?.isOpen) return;
    const position = this.#transport.position;
    const history = await this.#busy.run("Looking through the past", (onProgress) =>
      session.history(side, { address, position }, onProgress),
    );
    if (history) this.#panels[side]?.showHistory(address, history);
    else await this.#goTo(position);
  }

  #cancel(): void {
    const opening = this.#opening;
    this.#transport.pause();
    if (opening) {
      this.#abandon();
      this.#offerAgain(opening);
      return;
    }
    this.#view?.session.cancel();
    if (!this.#view || this.#view.session.isOpen) this.#problem.show("Cancelled.");
    else this.#offerAgain({ state: this.#view.state, files: this.#files, isNew: false });
  }

  /** Offers to start again: cancelling ended the Workers. */
  #offerAgain(next: Next): void {
    if (!this.#view) byId("story").replaceChildren();
    this.#problem.show("Cancelled.", { name: "Run it again", act: () => this.#open(next) });
  }

  #fail(error: unknown): void {
    this.#transport.pause();
    if (!(error instanceof Cancelled)) this.#problem.show(messageOf(error));
  }

  /** Offers the processes of a trace, of which one is read. */
  #offerProcesses({ processes }: WorkerError, { state, files }: Next): void {
    const { input } = state;
    if (!hasProcesses(input)) return;
    const offered = processes.slice(0, MOST_OFFERED).map(({ process, calls }) => ({
      name: `${process} (${formatCount(calls)} ${calls === 1 ? "call" : "calls"})`,
      act: () => this.#run(afresh({ ...state, input: { ...input, process } }, { ...this.#there, files })),
    }));
    const others = processes.length - offered.length;
    const more = others > 0 ? ` There are ${formatCount(others)} more: change the program to name one.` : "";
    this.#problem.show(`Choose the process to read:${more}`, ...offered);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

embed();
const problem = unsupported();
if (problem) byId("problem").textContent = problem;
else new App().start();
