/**
 * The page: connects what is chosen, what is run and what is shown.
 *
 *      URL ─→ ViewState ─→ Session (Workers) ─→ Showing: maps, code, counters
 *       └─── Setup, files, guided stories and Showing change it ───┘
 *
 * It uses plain modules and the document itself: a framework would only wrap one page with fixed parts.
 */
import { formatCount } from "../index.js";
import { AddressBar } from "./address-bar.js";
import { Assumption } from "./assumption.js";
import { Busy } from "./busy.js";
import { Cancelled, WorkerError } from "./client.js";
import { within } from "./counted-range.js";
import { byId, make } from "./dom.js";
import { embed } from "./embed.js";
import { asModule, type Files, isScript, isWasm, linkable, MissingFile, sourcesOf } from "./files.js";
import { GuidePanel } from "./guide-panel.js";
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
import { readLink } from "./link.js";
import { keepMenus } from "./menus.js";
import { keepForLater } from "./offline.js";
import { Problem } from "./problem.js";
import { type Opened, Session, type Shown, SideError } from "./session.js";
import { Setup } from "./setup.js";
import { offerSharing } from "./share/share-menu.js";
import { Showing, type View } from "./showing.js";
import {
  DEFAULT,
  formatState,
  hasProcesses,
  type Place,
  pagesInside,
  type Side,
  type ViewState,
} from "./state.js";
import { guided, storyLinks } from "./stories.js";
import { tellingMoment } from "./story.js";
import { unsupported } from "./support.js";

/** Processes that are offered by buttons. */
const MOST_OFFERED = 12;

/** What is to be shown next. Until it runs, the view stays that is there. */
interface Next extends Wanted {
  /** Whether it is the person's doing, and so a step of the history. A link is one already. */
  isNew: boolean;
}

class App {
  #opening: (Next & { session: Session }) | undefined;
  /** A view that lacks a file, which may be dropped. */
  #lacking: ViewState | undefined;
  #files: Files = new Map();
  /** Counts links that were followed. Only the last one counts. */
  #followed = 0;

  readonly #busy = new Busy(() => this.#cancel());
  readonly #problem = new Problem();
  readonly #addressBar = new AddressBar((fragment) => void this.#follow(fragment));
  readonly #showing = new Showing(
    this.#busy,
    (state) => this.#addressBar.note(state),
    (error) => this.#fail(error),
  );
  readonly #setup = new Setup(
    (choices) => this.#run(chosen(choices, this.#there)),
    (file, side) => void this.#take(file, side),
    (error) => this.#fail(error),
  );
  readonly #assumption = new Assumption((touch) => {
    if (this.#view) this.#open({ state: { ...this.#view.state, touch }, files: this.#files, isNew: true });
  });
  readonly #guide = new GuidePanel((place) => this.#goOn(place));

  start(): void {
    keepMenus();
    offerSharing(() => this.#showing.shared);
    byId("stories").append(...storyLinks());
    void this.#follow(location.hash);
  }

  /** What is shown. */
  get #view(): View | undefined {
    return this.#showing.view;
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
      this.#showing.change({ guide: null });
      this.#guide.show(null);
    }
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
        if (this.#view?.session === session) this.#showing.show(sides, isThere);
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
    if (state.input.kind === "loop") await this.#showing.judgeCost(state.input);
  }

  #replaceView(
    { state: wanted, files, session, advice = "", isNew }: Next & { session: Session },
    opened: Opened,
    shown: [Shown, Shown],
  ): void {
    const state = { ...wanted, range: within(wanted.range, opened.length) };
    this.#files = files;
    this.#lacking = undefined;
    this.#opening = undefined;
    if (isNew) this.#addressBar.push(state);
    this.#assumption.show(state);
    this.#guide.show(state.guide, opened);
    this.#showing.open({ state, session, opened, advice }, shown);
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

  #cancel(): void {
    const opening = this.#opening;
    this.#showing.pause();
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
    this.#showing.pause();
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
