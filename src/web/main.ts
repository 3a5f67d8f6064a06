/**
 * The page: connects what is chosen, what is run and what is shown.
 *
 *      URL ─→ ViewState ─→ Session (Workers) ─→ moments ─→ maps, code, counters
 *       └──────── Transport, Setup, maps change it ────────┘
 *
 * It uses plain modules and the document itself: a framework would only wrap one page with fixed parts.
 */
import { findBuiltIn } from "../allocator/built-in.js";
import { cinnabarTrace, cinnabarWorkload, formatCount, type Report, writeTrace } from "../index.js";
import { Busy } from "./busy.js";
import { Charts } from "./charts.js";
import { Cancelled, WorkerError } from "./client.js";
import { buildCounters, showCounters } from "./counters.js";
import { byId, make } from "./dom.js";
import { buildFilter, buildLegend, showLegend } from "./legend.js";
import { type Choice, isModule, type Played } from "./protocol.js";
import { type Opened, Session, type Shown, SideError } from "./session.js";
import { type Choices, Setup } from "./setup.js";
import { SidePanel } from "./side-panel.js";
import {
  type Bundled,
  DEFAULT,
  formatChoice,
  formatState,
  hasProcesses,
  parseState,
  SIDES,
  type Side,
  shortened,
  type ViewState,
} from "./state.js";
import { MOST_MEASURED, reportOf, runsOf, sidesOf, storyOf } from "./story.js";
import { unsupported } from "./support.js";
import { Transport } from "./transport.js";

const TRACES: Record<Bundled, () => Promise<Blob>> = {
  cc1: () => fetchTrace("cc1", new URL("../../bench/traces/cc1.txt.gz", import.meta.url)),
  "git-log": () => fetchTrace("git-log", new URL("../../bench/traces/git-log.txt.gz", import.meta.url)),
  cinnabar: makeCinnabar,
};

async function fetchTrace(name: Bundled, url: URL): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot fetch ${name}: ${response.status} ${response.statusText}`);
  return response.blob();
}

/** git-cinnabar's, in our text form. */
async function makeCinnabar(): Promise<Blob> {
  const parts: BlobPart[] = [];
  for await (const part of writeTrace(cinnabarTrace(cinnabarWorkload))) parts.push(part as BlobPart);
  return new Blob(parts);
}

/** Milliseconds without a change of the view before it goes into the URL. */
const REST_MS = 100;

const SHORTENED =
  "There are fewer rounds than before, because a module really clears its blocks. Change the program to run more.";

/** Processes that are offered by buttons. */
const MOST_OFFERED = 12;

type Loop = Extract<ViewState["input"], { kind: "loop" }>;

class App {
  #state: ViewState = DEFAULT;
  #file: File | undefined;
  /** The .wasm file last given for each side. */
  readonly #modules: [File | undefined, File | undefined] = [undefined, undefined];
  #opened: Opened | undefined;
  /** A sentence that the person should read about what is run. */
  #advice = "";
  #remembering: ReturnType<typeof setTimeout> | undefined;
  /** Counts openings, so that answers for an earlier one are ignored. */
  #generation = 0;

  readonly #session = new Session(
    (sides, isThere) => this.#show(sides, isThere),
    (error) => {
      // Whoever cancels shows a message itself.
      if (!(error instanceof Cancelled)) this.#fail(error);
    },
  );
  readonly #busy = new Busy(() => this.#cancel());
  readonly #transport = new Transport((position, settled) => this.#seek(position, settled));
  readonly #setup = new Setup(
    (choices) => this.#choose(choices),
    (file, side) => this.#takeFile(file, side),
    (error) => this.#fail(error),
  );
  readonly #panels = SIDES.map(
    (side) => new SidePanel(side === 0 ? "left" : "right", this.#sideEvents(side)),
  );
  readonly #charts = new Charts(
    this.#busy,
    () => this.#opened && { state: this.#state, opened: this.#opened, session: this.#session },
    (error) => this.#fail(error),
  );

  start(): void {
    byId("sides").append(...this.#panels.map(({ element }) => element));
    addEventListener("hashchange", () => this.#follow(location.hash));
    this.#follow(location.hash);
  }

  // ---- What is chosen ----

  #follow(fragment: string): void {
    clearTimeout(this.#remembering);
    try {
      this.#open(parseState(fragment));
    } catch (error) {
      this.#fail(error);
    }
  }

  #run({ input, touch, sides }: Choices): void {
    this.#open({ ...DEFAULT, input, touch, sides, hidden: this.#state.hidden });
    this.#remember();
  }

  /** Runs what the form says; if a built-in module is new in it, first with fewer rounds. */
  #choose(choices: Choices): void {
    const isNew = ({ allocator }: Choice, side: number) =>
      findBuiltIn(allocator) !== undefined && allocator !== this.#state.sides[side]?.allocator;
    if (choices.sides.some(isNew)) this.#runShort(choices);
    else this.#run(choices);
  }

  /** Makes a module the allocator of the side it was given to, or of the side for which a link names it. */
  #takeFile(file: File, given: Side | undefined): void {
    const isFor = (side: Side) => this.#state.sides[side].allocator === file.name;
    const side = given ?? SIDES.find(isFor);
    if (!isModule({ allocator: file.name })) this.#runTrace(file);
    else if (side !== undefined) this.#runModule(this.#named(file, side), side);
    else this.#fail(new Error(`Drop ${file.name} on a map to make it the allocator of that side.`));
  }

  /** Gives a file a name of its own, with a 2, if the other side runs a different file of the same name. */
  #named(file: File, side: Side): File {
    const [other, its] = [this.#modules[1 - side], this.#state.sides[1 - side]];
    if (!other || other.name !== file.name || its?.allocator !== file.name) return file;
    const { size, lastModified } = file;
    if (other.size === size && other.lastModified === lastModified) return file;
    return new File([file], file.name.replace(/\.wasm$/, "-2.wasm"), { lastModified });
  }

  #runModule(file: File, side: Side): void {
    const sides: ViewState["sides"] = [...this.#state.sides];
    const isAsked = sides[side].allocator === file.name;
    this.#modules[side] = file;
    sides[side] = { allocator: file.name, options: {} };
    // The file a link asks for: the rest of the link holds.
    if (isAsked) this.#open(this.#state);
    else this.#runShort({ ...this.#state, sides });
  }

  #runShort(choices: Choices): void {
    const input = shortened(choices.input);
    this.#run({ ...choices, input });
    if (JSON.stringify(input) !== JSON.stringify(choices.input)) this.#advice = SHORTENED;
  }

  #runTrace(file: File): void {
    const { input } = this.#state;
    this.#file = file;
    // The file a link asks for: the rest of the link holds.
    if (input.kind === "file" && input.name === file.name) this.#open(this.#state);
    else this.#run({ ...this.#state, input: { kind: "file", name: file.name } });
  }

  #change(change: Partial<ViewState>): void {
    this.#state = { ...this.#state, ...change };
    this.#remember();
  }

  /** Puts the view into the URL once it has come to rest: browsers refuse to change the URL too often. */
  #remember(): void {
    clearTimeout(this.#remembering);
    const write = () => history.replaceState(null, "", `#${formatState(this.#state)}`);
    this.#remembering = setTimeout(write, REST_MS);
  }

  // ---- What is run ----

  #open(state: ViewState): void {
    this.#session.cancel();
    this.#advice = "";
    this.#state = state;
    this.#setup.write(state);
    const generation = ++this.#generation;
    this.#load(generation).catch((error) => {
      if (generation === this.#generation) this.#fail(error);
    });
  }

  async #load(generation: number): Promise<void> {
    const { input } = this.#state;
    byId("view").ariaBusy = "true";
    let opened: Opened | undefined;
    try {
      opened = await this.#replaceView(generation);
    } finally {
      if (generation === this.#generation) byId("view").ariaBusy = "false";
    }
    if (opened && input.kind === "loop") await this.#judgeCost(generation, opened, input);
  }

  /** Runs what is chosen and shows it. Until then the last view stays. Returns undefined if another is wanted meanwhile. */
  async #replaceView(generation: number): Promise<Opened | undefined> {
    const state = this.#state;
    this.#opened = undefined;
    this.#clear();
    const opened = await this.#busy.run("Starting", (onProgress) =>
      this.#session.open(
        state,
        { trace: () => this.#trace(state), module: (side) => this.#module(state, side) },
        onProgress,
      ),
    );
    if (generation !== this.#generation) return undefined;
    this.#opened = opened;
    this.#build(opened);
    for (const side of opened.sides) if (side instanceof SideError) this.#fail(side);
    await this.#goTo(state.at ?? telling(state, opened));
    return opened;
  }

  #module({ sides }: ViewState, side: Side): Blob {
    const { allocator } = sides[side];
    const file = [this.#modules[side], ...this.#modules].find((one) => one?.name === allocator);
    if (file) return file;
    const where = side === 0 ? "left" : "right";
    throw new Error(
      `This link needs the file ${allocator}, which a link cannot hold: drop it on the ${where} map.`,
    );
  }

  async #trace({ input }: ViewState): Promise<Blob> {
    if (input.kind === "trace") return TRACES[input.name]();
    const name = input.kind === "file" ? input.name : "";
    if (this.#file && this.#file.name === name) return this.#file;
    throw new Error(
      name
        ? `This link needs the file ${name}, which a link cannot hold: drop it here.`
        : "Choose a trace file, or drop one here.",
    );
  }

  /** Finds out how the loop's cost grows with its size. This takes longer, and so comes last. */
  async #judgeCost(generation: number, opened: Opened, { bytes, written }: Loop): Promise<void> {
    const { sides } = this.#state;
    const report = reportOf(this.#state, opened);
    for (const [index, side] of sidesOf(sides, opened).entries()) {
      if (isModule(sides[side]) && bytes > MOST_MEASURED) continue;
      const cost = await this.#busy.run("Measuring sizes", (onProgress) =>
        this.#session.measure(side, "costKind", { bytes, written }, onProgress),
      );
      if (generation !== this.#generation) return;
      const result = report.results[index];
      if (cost && result) result.cost = cost;
    }
    this.#tell(report, opened);
  }

  // ---- What is shown ----

  #clear(): void {
    byId("problem").replaceChildren();
    byId("story").replaceChildren(make("p", { textContent: "Running …" }));
  }

  #build(opened: Opened): void {
    const { sides, windows, hidden } = this.#state;
    const timelines = opened.sides.map((side) => (side instanceof SideError ? [] : side.timeline));
    this.#transport.load({ length: opened.length, period: opened.tape.count, sides: timelines });
    for (const side of SIDES) {
      this.#panels[side]?.open(formatChoice(sides[side]), noteOn(opened.sides[side]));
      this.#panels[side]?.map.choose(windows[side]);
    }
    this.#hide(hidden);
    buildFilter(hidden, (ids) => {
      this.#change({ hidden: ids });
      this.#hide(ids);
    });
    buildLegend(sides);
    buildCounters(this.#state);
    this.#charts.offer(this.#state, opened);
    this.#tell(reportOf(this.#state, opened), opened);
  }

  #hide(ids: readonly string[]): void {
    for (const { map } of this.#panels) map.hide(ids);
  }

  #tell(report: Report, opened: Opened): void {
    const told = storyOf(this.#state, opened, report);
    const losses = opened.losses.map((loss) => `Note: ${loss}.`);
    const sentences = [...told, this.#advice, ...losses].filter(Boolean);
    byId("story").replaceChildren(...sentences.map((sentence) => make("p", { textContent: sentence })));
  }

  #seek(position: number, settled: boolean): void {
    if (!this.#opened) return;
    if (settled) this.#change({ at: position });
    void this.#goTo(position);
  }

  #goTo(position: number): Promise<void> {
    return this.#busy.run("Going there", (onProgress) => this.#session.seek(position, onProgress));
  }

  #show(sides: [Shown, Shown], isThere: boolean): void {
    const [left, right] = sides.map((shown, side) => {
      if (!(shown instanceof SideError)) return shown;
      this.#panels[side]?.open(formatChoice(this.#state.sides[side as Side]), noteOn(shown));
      return undefined;
    });
    for (const side of SIDES) this.#panels[side]?.show([left, right][side]);
    const places = [left, right].map((moment) => moment?.position ?? 0);
    this.#transport.show(Math.max(...places), isThere);
    showCounters([left, right]);
    showLegend([left, right]);
  }

  #sideEvents(side: Side) {
    return {
      onMove: (window: ViewState["windows"][Side]) => {
        const windows: ViewState["windows"] = [...this.#state.windows];
        windows[side] = window;
        this.#change({ windows });
      },
      onAsk: (address: number) => void this.#ask(side, address).catch((error) => this.#fail(error)),
      onSeek: (position: number) => this.#seek(position, true),
    };
  }

  async #ask(side: Side, address: number): Promise<void> {
    if (!this.#opened) return;
    const position = this.#transport.position;
    const history = await this.#busy.run("Looking through the past", (onProgress) =>
      this.#session.history(side, { address, position }, onProgress),
    );
    if (history) this.#panels[side]?.showHistory(address, history);
    else await this.#goTo(position);
  }

  #cancel(): void {
    this.#session.cancel();
    this.#fail(new Cancelled());
  }

  #fail(error: unknown): void {
    this.#transport.pause();
    if (!this.#opened) byId("story").replaceChildren();
    if (error instanceof WorkerError && error.processes.length > 0) this.#offerProcesses(error);
    else if (!(error instanceof Cancelled)) byId("problem").replaceChildren(messageOf(error));
    else if (this.#session.isOpen) byId("problem").replaceChildren("Cancelled.");
    else this.#offerAgain();
  }

  /** Offers the processes of a trace, of which one is read. */
  #offerProcesses({ processes }: WorkerError): void {
    const buttons = processes.slice(0, MOST_OFFERED).map(({ process, calls }) => {
      const textContent = `${process} (${formatCount(calls)} ${calls === 1 ? "call" : "calls"})`;
      const button = make("button", { type: "button", textContent });
      button.addEventListener("click", () => this.#readProcess(process));
      return button;
    });
    const others = processes.length - buttons.length;
    const more = others > 0 ? [`There are ${formatCount(others)} more: change the program to name one.`] : [];
    const choice = make("div", { className: "buttons" }, ...buttons, ...more);
    byId("problem").replaceChildren("Choose the process to read:", choice);
  }

  #readProcess(process: number): void {
    const { input } = this.#state;
    if (hasProcesses(input)) this.#run({ ...this.#state, input: { ...input, process } });
  }

  /** Offers to start again: cancelling ended the Workers. */
  #offerAgain(): void {
    this.#opened = undefined;
    const again = make("button", { type: "button", textContent: "Run it again" });
    again.addEventListener("click", () => this.#open(this.#state));
    byId("problem").replaceChildren("Cancelled. ", again);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The most telling moment: of a loop, when its last block is in use; of a trace, the last peak of bytes in use. */
function telling({ input, sides }: ViewState, opened: Opened): number {
  const { length } = opened;
  if (input.kind === "loop" || input.kind === "reads") return length - 1;
  const [run] = runsOf(sides, opened);
  const [first, ...others] = run?.timeline ?? [];
  if (!first) return length;
  return others.reduce((most, point) => (point.inUse >= most.inUse ? point : most), first).operation;
}

/** The note on one side: why it stopped, and what its module is. */
function noteOn(side: Played | SideError): string {
  if (side instanceof SideError) return `${side.message}. Drop another .wasm here, or change the allocator.`;
  const { stopped, end, note } = side;
  if (stopped === undefined) return note;
  return `Stopped at operation ${(end + 1).toLocaleString("en-US")}: ${stopped}${note && `. ${note}`}`;
}

const problem = unsupported();
if (problem) byId("problem").textContent = problem;
else new App().start();
