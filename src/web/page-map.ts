/** A page map: what a side has mapped, on a canvas, which can be zoomed, moved and asked about. */
import { say } from "./announcer.js";
import { colour, make, oncePerFrame, setText } from "./dom.js";
import { BY_STATE, type Coloured, type Colouring } from "./kinds.js";
import {
  type Band,
  cellsOf,
  countCells,
  type Grid,
  HEADING_ROWS,
  Layout,
  type MapWindow,
  type Ranges,
  regionAt,
  union,
} from "./layout.js";
import { cellText, stretchTexts } from "./map-text.js";
import { Steady } from "./playback.js";
import type { Moment } from "./protocol.js";

/** Distance from one cell to the next in CSS pixels, and the gap that is part of it. */
const PITCH = 7;
const GAP = 1;

/** Milliseconds that a cell rests after a change, and that a map which follows rests after it moved. */
const CELL_REST_MS = 500;
const FOLLOW_REST_MS = 1000;

const stillMotion = matchMedia("(prefers-reduced-motion: reduce)");

export interface MapEvents {
  onResize(): void;
  /** The person zoomed, in if negative, about an address. */
  onZoom(levels: number, address?: number): void;
  /** The person moved the map on by some lines. */
  onMove(lines: number): void;
  /** The person wants to see all. */
  onAll(): void;
  onChoose(address: number): void;
  /** The person asked for the history of the page at an address. */
  onAsk(address: number): void;
  /** The last operation is out of view. With a window that begins at `start` it would not be. */
  onGone(start: number): void;
}

export class PageMap {
  readonly canvas: HTMLCanvasElement;
  /** The words for the cell under the pointer, or else the chosen one. */
  readonly text = make("p", { className: "map-text" });

  #moment: Moment | undefined;
  #coloured: Coloured | undefined;
  /** What is ever mapped. */
  #mapped: Ranges = [];
  #extent: Ranges = [];
  #window: MapWindow = { start: 0, cell: 4096 };
  #layout = new Layout([], { columns: 1, rows: 1 }, 4096);
  #grid: Grid = { columns: 1, rows: 1 };
  #chosen: number | null = null;
  #under: number | null = null;
  /** Whether the choice was read out. */
  #isTold = true;
  #hidden: ReadonlySet<string> = new Set();
  #steady = steadyFor(BY_STATE);
  /** Whether it goes where the last operation is. */
  follows = false;
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

  // ---- What is shown ----

  /** Shows another run, with all that it ever maps. */
  open(mapped: Ranges): void {
    this.#moment = undefined;
    this.#coloured = undefined;
    this.#mapped = mapped;
    this.#extent = mapped;
    this.#under = null;
  }

  show(moment: Moment): void {
    this.#moment = moment;
    // What came and went between two samples of the run is not in it.
    this.#extent = union(this.#mapped, moment.regions);
  }

  /** Shows the pages of the moment in their colours. */
  colour(coloured: Coloured): void {
    const { colouring } = coloured;
    if (colouring !== this.#coloured?.colouring) this.#steady = steadyFor(colouring);
    this.#coloured = coloured;
    this.#redraw();
  }

  /** Shows a window. */
  look(window: MapWindow): void {
    const layout = new Layout(this.#extent, this.#grid, window.cell);
    const start = layout.startOf(layout.clamp(layout.lineOf(window.start)));
    const isSame =
      layout.lineBytes === this.#layout.lineBytes &&
      start === this.#window.start &&
      layout.lines === this.#layout.lines &&
      layout.grid === this.#layout.grid;
    this.#layout = layout;
    this.#window = { start, cell: window.cell };
    if (!isSame) this.#steady.reset();
    this.#redraw();
  }

  hide(kinds: readonly string[]): void {
    this.#hidden = new Set(kinds);
    this.#redraw();
  }

  get extent(): Ranges {
    return this.#extent;
  }

  get grid(): Grid {
    return this.#grid;
  }

  get pageBytes(): number {
    return this.#moment?.runs.pageBytes ?? 4096;
  }

  get #first(): number {
    return this.#layout.lineOf(this.#window.start);
  }

  /** The window with another cell, in which an address stays in its row: by default the chosen page's, or the middle's. */
  zoomed(cell: number, address = this.#own()): MapWindow {
    const layout = new Layout(this.#extent, this.#grid, cell);
    const row = this.#rowOf(address) ?? this.#middle;
    return { start: layout.startOf(layout.clamp(layout.startAbove(layout.lineOf(address), row))), cell };
  }

  /** The window some lines further on. */
  moved(lines: number): MapWindow {
    const first = this.#layout.clamp(this.#first + lines);
    return { start: this.#layout.startOf(first), cell: this.#window.cell };
  }

  get #middle(): number {
    return Math.floor(this.#grid.rows / 2);
  }

  /** The chosen page if it is in view, or else what is in the middle. */
  #own(): number {
    if (this.#chosen !== null && this.#rowOf(this.#chosen) !== undefined) return this.#chosen;
    return this.#addressAt(0, this.#middle) ?? this.#window.start;
  }

  // ---- Cells ----

  #bands(): Band[] {
    return this.#layout.bands(this.#first);
  }

  /** The row that an address is in; undefined if it is not in view. */
  #rowOf(address: number): number | undefined {
    for (const { row, address: from, lines } of this.#bands()) {
      const line = Math.floor((address - from) / this.#layout.lineBytes);
      if (line >= 0 && line < lines) return row + HEADING_ROWS + line;
    }
    return undefined;
  }

  /** The address of a cell; of a heading's, that of the line below. */
  #addressAt(column: number, row: number): number | undefined {
    const band = this.#bands().findLast((one) => one.row <= row);
    if (!band) return undefined;
    const line = Math.min(band.lines - 1, Math.max(0, row - band.row - HEADING_ROWS));
    return band.address + line * this.#layout.lineBytes + column * this.#window.cell;
  }

  /** The address of the cell at a point of the canvas, in CSS pixels. */
  addressUnder(x: number, y: number): number | undefined {
    const column = Math.min(this.#grid.columns - 1, Math.max(0, Math.floor(x / PITCH)));
    return this.#addressAt(column, this.rowUnder(y));
  }

  rowUnder(y: number): number {
    return Math.min(this.#grid.rows - 1, Math.max(0, Math.floor(y / PITCH)));
  }

  /** Tells of the cell at an address; null to tell of the chosen one. */
  pointAt(address: number | null): void {
    this.#under = address;
    this.#redraw();
  }

  /** Chooses a page, without telling anybody; null for none. */
  choose(address: number | null): void {
    this.#chosen = address;
    this.#redraw();
  }

  /** The person chooses a page. */
  pick(address: number): void {
    this.choose(address);
    this.#under = null;
    this.tell();
    this.events.onChoose(address);
  }

  /** Reads out what is chosen, once it is drawn. */
  tell(): void {
    this.#isTold = false;
    this.#redraw();
  }

  /** The person moves the choice by cells and lines. It pulls the map along. */
  pickNext(cells: number, lines: number): void {
    const { columns } = this.#grid;
    const from = this.#layout.lineOf(this.chosen);
    const column = Math.floor((this.chosen - this.#layout.startOf(from)) / this.#window.cell);
    const within = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
    const cell = within(from * columns + column + cells, this.#layout.lines * columns);
    const line = within(Math.floor(cell / columns) + lines, this.#layout.lines);
    this.pick(this.#layout.startOf(line) + (cell % columns) * this.#window.cell);
    if (this.#rowOf(this.chosen) !== undefined) return;
    const first = line < this.#first ? line : this.#layout.startAbove(line, this.#grid.rows - 1);
    this.events.onMove(first - this.#first);
  }

  /** The chosen page, by default that of the last operation, or else the first one. */
  get chosen(): number {
    const last = this.#moment?.object?.address || this.#window.start;
    return Math.floor((this.#chosen ?? last) / this.pageBytes) * this.pageBytes;
  }

  zoomBy(levels: number, address?: number): void {
    this.events.onZoom(levels, address);
  }

  moveBy(lines: number): void {
    if (lines !== 0) this.events.onMove(lines);
  }

  showAll(): void {
    this.events.onAll();
  }

  /** Asks for the history of the chosen page. */
  ask(): void {
    this.events.onAsk(this.chosen);
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0) return;
    this.canvas.width = clientWidth * devicePixelRatio;
    this.canvas.height = clientHeight * devicePixelRatio;
    this.#grid = { columns: Math.floor(clientWidth / PITCH), rows: Math.floor(clientHeight / PITCH) };
    this.events.onResize();
    // What was drawn went with the old size: until the next frame the map would be blank, which flashes.
    this.draw();
  }

  /** Tells that the last operation is out of view, but not at once again. Returns when to look again, if it has to wait. */
  #follow(now: number): number | undefined {
    const address = this.#moment?.object?.address;
    if (!this.follows || !address || this.#rowOf(address) !== undefined) return undefined;
    if (regionAt(this.#extent, address) < 0) return undefined;
    if (now < this.#followedAt + FOLLOW_REST_MS) return this.#followedAt + FOLLOW_REST_MS;
    this.#followedAt = now;
    const first = this.#layout.startAbove(this.#layout.lineOf(address), this.#middle);
    this.events.onGone(this.#layout.startOf(this.#layout.clamp(first)));
    return undefined;
  }

  // ---- Drawing ----

  /** Draws now instead of in the next frame. */
  draw(): void {
    const context = this.canvas.getContext("2d");
    if (!context || !this.#moment || !this.#coloured) return;
    const now = performance.now();
    const follows = this.#follow(now);
    const bands = this.#bands();
    const { colouring } = this.#coloured;
    const there = this.#count(this.#coloured, bands);
    const { shown, due } = this.#steady.show(there, now);
    this.#drawAgain([due, follows], now);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const band of bands) this.#drawBand(context, band);
    for (const [kind, { id }] of colouring.kinds.entries()) {
      if (this.#hidden.has(id)) continue;
      context.fillStyle = colour(id);
      this.#drawKind(context, kind, colouring.kinds.length, shown);
    }
    this.#drawChoice(context, this.chosen, 2);
    if (this.#under !== null) this.#drawChoice(context, this.#under, 1);
    this.#describe(this.#moment, this.#coloured);
  }

  /** Draws again at the first of some times. */
  #drawAgain(times: readonly (number | undefined)[], now: number): void {
    clearTimeout(this.#due);
    const next = Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
    if (Number.isFinite(next)) this.#due = setTimeout(this.#redraw, Math.max(0, next - now));
  }

  /** The pages of each kind at each place of the grid. */
  #count({ runs, colouring: { kinds, kindOf } }: Coloured, bands: readonly Band[]): Float64Array {
    const { columns } = this.#grid;
    const counts = new Float64Array(cellsOf(this.#grid) * kinds.length);
    for (const { row, address, lines } of bands) {
      const [first, cells] = [(row + HEADING_ROWS) * columns, lines * columns];
      const its = counts.subarray(first * kinds.length, (first + cells) * kinds.length);
      countCells(runs, { start: address, cell: this.#window.cell, cells }, kindOf, kinds.length, its);
    }
    return counts;
  }

  #drawBand(context: CanvasRenderingContext2D, { stretch, row, lines }: Band): void {
    const { columns } = this.#grid;
    context.fillStyle = colour("unmapped");
    context.fillRect(0, (row + HEADING_ROWS) * PITCH, columns * PITCH - GAP, lines * PITCH - GAP);
    context.fillStyle = colour("text");
    context.font = "11px system-ui, sans-serif";
    const texts = stretchTexts(stretch);
    const room = columns * PITCH;
    const text = texts.find((one) => context.measureText(one).width <= room) ?? texts.at(-1) ?? "";
    context.fillText(text, 0, (row + HEADING_ROWS) * PITCH - 4);
  }

  /** Draws the part of a kind in every cell, above the kinds before it. Any page at all shows a little. */
  #drawKind(context: CanvasRenderingContext2D, kind: number, kinds: number, counts: Float64Array): void {
    const { columns } = this.#grid;
    const perCell = this.#window.cell / this.pageBytes;
    const side = PITCH - GAP;
    for (let cell = 0, at = 0; at < counts.length; cell++, at += kinds) {
      const pages = counts[at + kind] as number;
      if (pages === 0) continue;
      const before = Math.floor((side * pagesBefore(counts, at, kind)) / perCell);
      const height = Math.min(side, Math.max(1, Math.round((side * pages) / perCell)));
      const y = Math.floor(cell / columns) * PITCH + Math.max(0, side - before - height);
      context.fillRect((cell % columns) * PITCH, y, side, height);
    }
  }

  #drawChoice(context: CanvasRenderingContext2D, address: number, width: number): void {
    const row = this.#rowOf(address);
    if (row === undefined) return;
    const inLine = address - this.#layout.startOf(this.#layout.lineOf(address));
    const x = Math.floor(inLine / this.#window.cell) * PITCH;
    context.strokeStyle = colour("cursor");
    context.lineWidth = width;
    context.strokeRect(x - 1, row * PITCH - 1, PITCH + 1, PITCH + 1);
  }

  #describe(moment: Moment, { runs, colouring: { kinds, kindOf } }: Coloured): void {
    const { cell } = this.#window;
    const start = Math.floor((this.#under ?? this.chosen) / cell) * cell;
    const counts = countCells(runs, { start, cell, cells: 1 }, kindOf, kinds.length);
    const text = cellText(moment, { start, bytes: cell }, counts, kinds);
    setText(this.text, text);
    if (!this.#isTold) say(text);
    this.#isTold = true;
  }
}

const steadyFor = ({ kinds }: Colouring): Steady =>
  new Steady(stillMotion.matches ? 2 * CELL_REST_MS : CELL_REST_MS, kinds.length);

function pagesBefore(counts: Float64Array, at: number, kind: number): number {
  let pages = 0;
  for (let before = 0; before < kind; before++) pages += counts[at + before] as number;
  return pages;
}
