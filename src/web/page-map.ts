/** The page map: the address space on a canvas, which can be zoomed, moved and asked about. */
import { colour, make, oncePerFrame, setText } from "./dom.js";
import { KIND_OF, KINDS } from "./kinds.js";
import {
  addressOf,
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
import { cellText } from "./map-text.js";
import { Steady } from "./playback.js";
import type { Moment } from "./protocol.js";

/** Distance from one cell to the next in CSS pixels, and the gap that is part of it. */
const PITCH = 7;
const GAP = 1;

/** Milliseconds that a cell rests after a change, and that a map which follows rests after it moved. */
const CELL_REST_MS = 500;
const WINDOW_REST_MS = 1000;

const stillMotion = matchMedia("(prefers-reduced-motion: reduce)");

export interface MapEvents {
  /** The person chose another window; null to follow the last operation. */
  onMove(window: MapWindow | null): void;
  /** The person asked for the history of the page at an address. */
  onAsk(address: number): void;
}

export class PageMap {
  readonly canvas: HTMLCanvasElement;
  /** The words for what is under the pointer or the cell cursor. */
  readonly text = make("p", { className: "map-text", attributes: { "aria-live": "off" } });

  #moment: Moment | undefined;
  /** The chosen window; null to follow the last operation. */
  #chosen: MapWindow | null = null;
  #window: MapWindow = { start: 0, level: 0 };
  #grid: Grid = { columns: 1, rows: 1 };
  #cell = 0;
  #hidden: ReadonlySet<string> = new Set();
  #counts: Float64Array = new Float64Array();
  readonly #steady = new Steady(stillMotion.matches ? 2 * CELL_REST_MS : CELL_REST_MS, KINDS.length);
  /** When the map last followed the last operation to elsewhere. */
  #followedAt = Number.NEGATIVE_INFINITY;
  #due: ReturnType<typeof setTimeout> | undefined;
  readonly #redraw = oncePerFrame(() => this.draw());

  constructor(
    label: string,
    private readonly events: MapEvents,
  ) {
    const attributes = { tabindex: "0", role: "application", "aria-label": `Page map of the ${label} side` };
    this.canvas = make("canvas", { className: "map", attributes });
    new ResizeObserver(() => this.#resize()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#redraw());
  }

  /** Shows another moment. A chosen window stays; without one, the map follows the last operation. */
  show(moment: Moment): void {
    this.#moment = moment;
    if (moment.addressLimit !== this.#grid.limit) {
      this.#grid = { ...this.#grid, limit: moment.addressLimit };
      this.#place();
    }
    this.#redraw();
  }

  /** Chooses a window; null to follow the last operation. */
  choose(window: MapWindow | null): void {
    this.#chosen = window;
    this.#place();
  }

  hide(kinds: readonly string[]): void {
    this.#hidden = new Set(kinds);
    this.#redraw();
  }

  /** Follows the last operation again. */
  follow(): void {
    this.choose(null);
    this.events.onMove(null);
  }

  /** Shows a range of addresses. */
  fitTo(start: number, end: number): void {
    this.#move(windowOver(start, end, this.#grid, this.#pageBytes));
  }

  /** Zooms by `levels` around a cell, by default the one of the cell cursor. */
  zoomBy(levels: number, cell = this.#cell): void {
    this.#move(zoom(this.#window, levels, cell, this.#grid, this.#pageBytes));
  }

  /** Moves the window by `cells`, from `from`. */
  moveBy(cells: number, from = this.#window): void {
    this.#move(pan(from, cells, this.#grid, this.#pageBytes));
  }

  /** Puts the cell cursor on a cell. */
  pointAt(cell: number): void {
    this.#cell = cell;
    this.#redraw();
  }

  /** Moves the cell cursor. If it would leave the map, moves the window instead. */
  moveCursor(columns: number, rows: number): void {
    const cells = columns + rows * this.#grid.columns;
    const to = this.#cell + cells;
    if (to >= 0 && to < cellsOf(this.#grid)) this.pointAt(to);
    else this.moveBy(rows === 0 ? Math.sign(cells) * this.#grid.columns : cells);
  }

  /** The cell at a point of the canvas, in CSS pixels. */
  cellAt(x: number, y: number): number {
    const { columns, rows } = this.#grid;
    const column = Math.min(columns - 1, Math.max(0, Math.floor(x / PITCH)));
    return Math.min(rows - 1, Math.max(0, Math.floor(y / PITCH))) * columns + column;
  }

  get window(): MapWindow {
    return this.#window;
  }

  get grid(): Grid {
    return this.#grid;
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
    this.#steady.reset();
    this.#redraw();
  }

  /** Follows the last operation out of view, but not at once again. Returns when it may, if it has to wait. */
  #follow(now: number): number | undefined {
    if (this.#chosen || this.#isInView()) return undefined;
    if (now < this.#followedAt + WINDOW_REST_MS) return this.#followedAt + WINDOW_REST_MS;
    const { start, level } = this.#window;
    this.#place();
    if (start !== this.#window.start || level !== this.#window.level) this.#followedAt = now;
    return undefined;
  }

  /** The window around the last operation. */
  #followed(): MapWindow | undefined {
    const { regions = [], object } = this.#moment ?? {};
    const range = neighbourhood(regions, object?.address ?? 0);
    return range && windowOver(...range, this.#grid, this.#pageBytes);
  }

  /** Whether the window shows the last operation at about the right size. If so it stays: it would jump at each free. */
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
    this.#steady.reset();
    this.events.onMove(window);
    this.#redraw();
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0) return;
    this.canvas.width = clientWidth * devicePixelRatio;
    this.canvas.height = clientHeight * devicePixelRatio;
    const [columns, rows] = [Math.floor(clientWidth / PITCH), Math.floor(clientHeight / PITCH)];
    this.#grid = { ...this.#grid, columns, rows };
    this.#cell = Math.min(this.#cell, cellsOf(this.#grid) - 1);
    this.#place();
  }

  // ---- Drawing ----

  /** Draws now instead of in the next frame. */
  draw(): void {
    const context = this.canvas.getContext("2d");
    if (!context || !this.#moment) return;
    const { runs } = this.#moment;
    const now = performance.now();
    const follows = this.#follow(now);
    const there = countCells({ runs, window: this.#window, grid: this.#grid }, KIND_OF, KINDS.length);
    const { shown, due } = this.#steady.show(there, now);
    this.#counts = shown;
    this.#drawAgain([due, follows], now);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const [kind, { id }] of KINDS.entries()) {
      if (this.#hidden.has(id)) continue;
      context.fillStyle = colour(id);
      this.#drawKind(context, kind);
    }
    this.#drawCursor(context);
    setText(this.text, cellText(this.#moment, this.#window, this.#cell, there));
  }

  /** Draws again at the first of some times. */
  #drawAgain(times: readonly (number | undefined)[], now: number): void {
    clearTimeout(this.#due);
    const next = Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
    if (Number.isFinite(next)) this.#due = setTimeout(this.#redraw, Math.max(0, next - now));
  }

  /** Draws the part of a kind in every cell, above the kinds before it in KINDS. Any page at all shows a little. */
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
}
