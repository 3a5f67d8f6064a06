/** The page map: the address space on a canvas, to be zoomed, moved and asked. */
import { formatBytes, formatCount } from "../index.js";
import { colour, make, oncePerFrame, setText } from "./dom.js";
import { KIND_OF, KINDS } from "./kinds.js";
import {
  addressOf,
  cellBytes,
  cellsOf,
  clamp,
  countCells,
  type Grid,
  type MapWindow,
  neighbourhood,
  pan,
  regionAt,
  windowOver,
  zoom,
} from "./layout.js";
import { decode, firstAbove, type PageDetail } from "./page-runs.js";
import type { Moment } from "./protocol.js";

/** From one cell to the next, in CSS pixels, and the gap that is part of it. */
const PITCH = 7;
const GAP = 1;
/** Cells the map jumps at a press of an arrow with Shift. */
const FAR = 8;

export interface MapEvents {
  /** The person chose another part to see; null for what surrounds the last operation. */
  onMove(window: MapWindow | null): void;
  /** The person asks for the history of the page at an address. */
  onAsk(address: number): void;
}

export const hex = (address: number): string => `0x${address.toString(16)}`;

export class PageMap {
  readonly canvas: HTMLCanvasElement;
  /** What is under the pointer or the cell cursor. */
  readonly text = make("p", { className: "map-text", attributes: { "aria-live": "off" } });

  #moment: Moment | undefined;
  /** null follows what happens. */
  #chosen: MapWindow | null = null;
  #window: MapWindow = { start: 0, level: 0 };
  #grid: Grid = { columns: 1, rows: 1 };
  #cell = 0;
  #hidden: ReadonlySet<string> = new Set();
  #counts: Float64Array = new Float64Array();
  readonly #redraw = oncePerFrame(() => this.draw());

  constructor(
    label: string,
    private readonly events: MapEvents,
  ) {
    const attributes = { tabindex: "0", role: "application", "aria-label": `Page map of the ${label} side` };
    this.canvas = make("canvas", { className: "map", attributes });
    new ResizeObserver(() => this.#resize()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#redraw());
    this.#listen();
  }

  /** Shows another moment. The part chosen stays; without one, the map follows the last operation. */
  show(moment: Moment): void {
    this.#moment = moment;
    if (!this.#chosen && !this.#isInView()) this.#place();
    this.#redraw();
  }

  /** Chooses a part to see; null for what surrounds the last operation. */
  choose(window: MapWindow | null): void {
    this.#chosen = window;
    this.#place();
  }

  hide(kinds: readonly string[]): void {
    this.#hidden = new Set(kinds);
    this.#redraw();
  }

  /** Follows again what happens. */
  follow(): void {
    this.choose(null);
    this.events.onMove(null);
  }

  /** Shows a range of addresses. */
  fitTo(start: number, end: number): void {
    this.#move(windowOver(start, end, this.#grid, this.#pageBytes));
  }

  /** Zooms by levels about the cell cursor, or the middle. */
  zoomBy(levels: number, cell = this.#cell): void {
    this.#move(zoom(this.#window, levels, cell, this.#grid, this.#pageBytes));
  }

  /** Asks for the history of the page at the cell cursor. */
  ask(): void {
    this.events.onAsk(addressOf(this.#window, this.#cell, this.#pageBytes));
  }

  get #pageBytes(): number {
    return this.#moment?.runs.pageBytes ?? 4096;
  }

  #place(): void {
    this.#window = this.#chosen
      ? clamp(this.#chosen, this.#grid, this.#pageBytes)
      : (this.#followed() ?? this.#window);
    this.#redraw();
  }

  /** What surrounds the last operation. */
  #followed(): MapWindow | undefined {
    const { regions = [], object } = this.#moment ?? {};
    const range = neighbourhood(regions, object?.address ?? 0);
    return range && windowOver(...range, this.#grid, this.#pageBytes);
  }

  /** Whether the last operation can be seen where the map is, at about the right size; else it would jump at each free. */
  #isInView(): boolean {
    const { regions = [], object } = this.#moment ?? {};
    if (!object?.address) return false;
    const end = addressOf(this.#window, cellsOf(this.#grid), this.#pageBytes);
    const sees = (address: number) => address >= this.#window.start && address < end;
    if (regionAt(regions, object.address) < 0) return sees(object.address);
    const followed = this.#followed() as MapWindow;
    const [from, to] = neighbourhood(regions, object.address) as [number, number];
    return sees(from) && sees(to - 1) && this.#window.level - followed.level <= 1;
  }

  #move(window: MapWindow): void {
    this.#chosen = window;
    this.#window = window;
    this.events.onMove(window);
    this.#redraw();
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0) return;
    this.canvas.width = clientWidth * devicePixelRatio;
    this.canvas.height = clientHeight * devicePixelRatio;
    this.#grid = { columns: Math.floor(clientWidth / PITCH), rows: Math.floor(clientHeight / PITCH) };
    this.#cell = Math.min(this.#cell, cellsOf(this.#grid) - 1);
    this.#place();
  }

  // ---- Drawing ----

  /** Draws now what is otherwise drawn with the next frame. */
  draw(): void {
    const context = this.canvas.getContext("2d");
    if (!context || !this.#moment) return;
    const { runs } = this.#moment;
    this.#counts = countCells({ runs, window: this.#window, grid: this.#grid }, KIND_OF, KINDS.length);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const [kind, { id }] of KINDS.entries()) {
      if (this.#hidden.has(id)) continue;
      context.fillStyle = colour(id);
      this.#drawKind(context, kind);
    }
    this.#drawCursor(context);
    this.#tell();
  }

  /** Draws its part of every cell: what stands before it in KINDS lies below, and a trace of it still shows. */
  #drawKind(context: CanvasRenderingContext2D, kind: number): void {
    const { columns } = this.#grid;
    const perCell = 2 ** this.#window.level;
    const side = PITCH - GAP;
    for (let cell = 0, at = 0; at < this.#counts.length; cell++, at += KINDS.length) {
      const pages = this.#counts[at + kind] as number;
      if (pages === 0) continue;
      const before = Math.floor((side * this.#pagesBefore(at, kind)) / perCell);
      const height = Math.min(side, Math.max(1, Math.round((side * pages) / perCell)));
      const y = Math.floor(cell / columns) * PITCH + Math.max(0, side - before - height);
      context.fillRect((cell % columns) * PITCH, y, side, height);
    }
  }

  #pagesBefore(at: number, kind: number): number {
    let pages = 0;
    for (let before = 0; before < kind; before++) pages += this.#counts[at + before] as number;
    return pages;
  }

  #drawCursor(context: CanvasRenderingContext2D): void {
    const { columns } = this.#grid;
    context.strokeStyle = colour("cursor");
    context.lineWidth = 2;
    const [x, y] = [(this.#cell % columns) * PITCH, Math.floor(this.#cell / columns) * PITCH];
    context.strokeRect(x - 1, y - 1, PITCH + 1, PITCH + 1);
  }

  // ---- Telling ----

  #tell(): void {
    if (!this.#moment) return;
    const { runs, regions } = this.#moment;
    const start = addressOf(this.#window, this.#cell, runs.pageBytes);
    const bytes = cellBytes(this.#window, runs.pageBytes);
    const end = start + bytes;
    const what = bytes === runs.pageBytes ? "one page" : `${formatCount(bytes / runs.pageBytes)} pages`;
    setText(
      this.text,
      [
        `${hex(start)} to ${hex(end)}: ${what}, ${formatBytes(bytes)}.`,
        regionText(regions, start, end),
        this.#cellText(),
      ]
        .filter(Boolean)
        .join(" "),
    );
  }

  #cellText(): string {
    const at = this.#cell * KINDS.length;
    const counts = [...this.#counts.slice(at, at + KINDS.length)];
    if (2 ** this.#window.level === 1) return this.#pageText();
    const parts = counts.flatMap((pages, kind) =>
      pages ? [`${formatCount(pages)} ${KINDS[kind]?.name}`] : [],
    );
    return parts.length ? `Pages: ${parts.join(", ")}.` : "Nothing is mapped here.";
  }

  #pageText(): string {
    const { runs } = this.#moment as Moment;
    const address = addressOf(this.#window, this.#cell, runs.pageBytes);
    const run = firstAbove(runs.addresses, address) - 1;
    const reaches =
      run >= 0 && (runs.addresses[run] as number) + (runs.pages[run] as number) * runs.pageBytes > address;
    return reaches ? pageText(runs.details[run] as number) : "Not mapped.";
  }

  // ---- Hands ----

  #listen(): void {
    const { canvas } = this;
    // Read out only to whoever works the map, not while it plays.
    canvas.addEventListener("focus", () => this.text.setAttribute("aria-live", "polite"));
    canvas.addEventListener("blur", () => this.text.setAttribute("aria-live", "off"));
    canvas.addEventListener("pointermove", (event) => this.#pointAt(event));
    canvas.addEventListener("pointerdown", (event) => this.#drag(event));
    canvas.addEventListener("dblclick", (event) =>
      this.zoomBy(event.shiftKey ? 2 : -2, this.#cellUnder(event)),
    );
    canvas.addEventListener("keydown", (event) => this.#press(event));
    canvas.addEventListener(
      "wheel",
      (event) => {
        // Without this the page could not be scrolled past the map.
        if (!event.ctrlKey && document.activeElement !== canvas) return;
        event.preventDefault();
        this.zoomBy(Math.sign(event.deltaY), this.#cellUnder(event));
      },
      { passive: false },
    );
  }

  #cellUnder({ offsetX, offsetY }: MouseEvent): number {
    const { columns, rows } = this.#grid;
    const column = Math.min(columns - 1, Math.max(0, Math.floor(offsetX / PITCH)));
    return Math.min(rows - 1, Math.max(0, Math.floor(offsetY / PITCH))) * columns + column;
  }

  #pointAt(event: PointerEvent): void {
    if (event.buttons) return;
    this.#cell = this.#cellUnder(event);
    this.#redraw();
  }

  #drag(down: PointerEvent): void {
    const { canvas } = this;
    const [from, grabbed] = [this.#window, this.#cellUnder(down)];
    this.#cell = grabbed;
    this.#redraw();
    canvas.setPointerCapture(down.pointerId);
    const move = (event: PointerEvent) => {
      const cell = this.#cellUnder(event);
      if (cell !== grabbed) this.#move(pan(from, grabbed - cell, this.#grid, this.#pageBytes));
    };
    canvas.addEventListener("pointermove", move);
    const end = () => canvas.removeEventListener("pointermove", move);
    canvas.addEventListener("lostpointercapture", end, { once: true });
  }

  #press(event: KeyboardEvent): void {
    const { columns } = this.#grid;
    const far = event.shiftKey ? FAR : 1;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => this.#step(-far),
      ArrowRight: () => this.#step(far),
      ArrowUp: () => this.#step(-columns * far),
      ArrowDown: () => this.#step(columns * far),
      PageUp: () => this.#move(pan(this.#window, -cellsOf(this.#grid), this.#grid, this.#pageBytes)),
      PageDown: () => this.#move(pan(this.#window, cellsOf(this.#grid), this.#grid, this.#pageBytes)),
      "+": () => this.zoomBy(-1),
      "=": () => this.zoomBy(-1),
      "-": () => this.zoomBy(1),
      Home: () => this.follow(),
      Enter: () => this.ask(),
    };
    const action = event.ctrlKey || event.metaKey ? undefined : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  /** Moves the cell cursor, and the window where it would leave it. */
  #step(cells: number): void {
    const { columns } = this.#grid;
    const to = this.#cell + cells;
    if (to >= 0 && to < cellsOf(this.#grid)) this.#cell = to;
    else
      this.#move(
        pan(
          this.#window,
          Math.abs(cells) < columns ? Math.sign(cells) * columns : cells,
          this.#grid,
          this.#pageBytes,
        ),
      );
    this.#redraw();
  }
}

/** The first region that a range meets, in words. */
function regionText(regions: ArrayLike<number>, start: number, end: number): string {
  const inside = regionAt(regions, start);
  const at = inside >= 0 ? inside : firstAbove(regions, start);
  const [from, to] = [regions[at], regions[at + 1]];
  if (from === undefined || to === undefined || from >= end) return "";
  return `Region ${at / 2 + 1} of ${regions.length / 2}, ${hex(from)} to ${hex(to)}, ${formatBytes(to - from)}.`;
}

const STATE_NAMES: Record<PageDetail["state"], string> = {
  unmapped: "not mapped",
  reserved: "reserved, never touched",
  zeroPage: "the zero page stands in",
  clean: "resident and all zero",
  written: "resident and written",
  shared: "shares its frame until written",
};

/** What a page is and what has happened to it, in words. */
export function pageText(detail: number): string {
  const page = decode(detail);
  const touches = [page.read && "read", page.written && "written"].filter(Boolean).join(" and ");
  const facts = [
    STATE_NAMES[page.state],
    touches ? `${touches} since it was mapped` : "",
    page.needless ? "only the allocator’s clearing has touched it" : "",
    page.reusable ? "the kernel may take its frame" : "",
    page.held ? "an object of the program lies on it" : "",
  ].filter(Boolean);
  return `The page is ${facts.join("; ")}.`;
}
