/**
 * The picture of resident memory over time: what both sides hold, their peaks, the marks of the trace, the cursor, and the
 * range of operations that is counted. A press goes there; a drag takes a range.
 *
 *      ▲ 100 MiB          ╎ a mark
 *      ──────╲░░░░░░░░╱───╎──────
 *             ╲░░░░░░╱    ╎    │
 */
import { formatBytes, type TimelinePoint } from "../index.js";
import { byId, colour, oncePerFrame } from "./dom.js";
import type { Range } from "./state.js";

export interface Timelines {
  /** Operations in all. */
  length: number;
  sides: readonly (readonly TimelinePoint[])[];
  marks: readonly NamedPlace[];
}

/** A mark of the trace, and how many operations are done there. */
export interface NamedPlace {
  name: string;
  position: number;
}

/** Pixels that a pointer moves before it takes a range. */
const SLIP = 4;
/** Pixels above what is drawn, for words. */
const HEAD = 14;
const MOST_MARKS = 200;
const FONT = "11px system-ui, sans-serif";

export class Timeline {
  #timelines: Timelines = { length: 0, sides: [], marks: [] };
  #position = 0;
  #range: Range | null = null;
  readonly #canvas = byId<HTMLCanvasElement>("sparkline");
  /** All but the cursor, which moves while the page plays; undefined if it has to be painted. */
  #picture: HTMLCanvasElement | undefined;
  readonly #moveCursor = oncePerFrame(() => this.#draw());
  readonly #redraw = () => {
    this.#picture = undefined;
    this.#moveCursor();
  };

  /** @param onGo called with a position that was pressed. @param onRange called with a range that was dragged. */
  constructor(
    private readonly onGo: (position: number) => void,
    private readonly onRange: (range: Range) => void,
  ) {
    this.#canvas.addEventListener("pointerdown", (event) => this.#press(event));
    new ResizeObserver(this.#redraw).observe(this.#canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.#redraw);
  }

  load(timelines: Timelines): void {
    this.#timelines = timelines;
    this.#redraw();
  }

  show(position: number): void {
    this.#position = position;
    this.#moveCursor();
  }

  /** Shows what is counted; null for all up to the cursor. */
  mark(range: Range | null): void {
    this.#range = range;
    this.#redraw();
  }

  /** The most that either side holds, in bytes. */
  get highest(): number {
    return this.#timelines.sides.flat().reduce((most, { resident }) => Math.max(most, resident), 0);
  }

  // ---- Hands ----

  #press(event: PointerEvent): void {
    if (event.button !== 0) return;
    const start = event.offsetX;
    const from = this.#positionAt(start);
    let isDrag = false;
    const move = ({ offsetX }: PointerEvent) => {
      isDrag ||= Math.abs(offsetX - start) > SLIP;
      const to = this.#positionAt(offsetX);
      if (isDrag) this.mark(from < to ? [from, to] : [to, from]);
    };
    const end = ({ type }: PointerEvent) => {
      this.#canvas.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"] as const) this.#canvas.removeEventListener(name, end);
      const [first, last] = this.#range ?? [0, 0];
      if (!isDrag && type === "pointerup") this.onGo(from);
      else if (isDrag && first < last) this.onRange([first, last]);
    };
    this.#canvas.setPointerCapture(event.pointerId);
    this.#canvas.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"] as const) this.#canvas.addEventListener(name, end);
  }

  #positionAt(x: number): number {
    const { length } = this.#timelines;
    const position = Math.round((length * (x - 1)) / Math.max(1, this.#canvas.clientWidth - 2));
    return Math.min(length, Math.max(0, position));
  }

  // ---- The picture ----

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const context = this.#canvas.getContext("2d");
    if (!context || width === 0) return;
    // On another screen a pixel of the page has more or fewer of the screen's.
    if (this.#picture?.width !== Math.trunc(width * devicePixelRatio)) this.#picture = undefined;
    this.#picture ??= this.#painted(width, height);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.drawImage(this.#picture, 0, 0);
    context.scale(devicePixelRatio, devicePixelRatio);
    context.fillStyle = colour("cursor");
    context.fillRect(this.#xOf(this.#position, width) - 0.5, 0, 1, height);
  }

  #xOf(operation: number, width: number): number {
    return (operation / Math.max(1, this.#timelines.length)) * (width - 2) + 1;
  }

  #painted(width: number, height: number): HTMLCanvasElement {
    const picture = document.createElement("canvas");
    for (const canvas of [this.#canvas, picture]) {
      canvas.width = width * devicePixelRatio;
      canvas.height = height * devicePixelRatio;
    }
    this.#paint(picture.getContext("2d") as Context, width, height);
    return picture;
  }

  #paint(context: Context, width: number, height: number): void {
    context.scale(devicePixelRatio, devicePixelRatio);
    context.font = FONT;
    const { sides, marks } = this.#timelines;
    const highest = Math.max(1, this.highest);
    const x = (operation: number) => this.#xOf(operation, width);
    const y = (bytes: number) => height - 2 - (bytes / highest) * (height - HEAD - 2);
    if (this.#range) drawRange(context, this.#range.map(x) as Range, height);
    drawMarks(context, marks, x, height);
    for (const [side, points] of sides.entries()) {
      drawSide(context, points, { x, y, isLeft: side === 0 });
      drawPeak(context, points, { x, y, isLeft: side === 0 }, width);
    }
  }
}

type Context = CanvasRenderingContext2D;

interface Scale {
  x(operation: number): number;
  y(bytes: number): number;
  isLeft: boolean;
}

function drawRange(context: Context, [from, to]: Range, height: number): void {
  context.fillStyle = colour("wash");
  context.fillRect(from, 0, to - from, height);
  context.fillStyle = colour("edge");
  for (const x of [from, to]) context.fillRect(x - 0.5, 0, 1, height);
}

/** Draws marks with their names, as far as there is room for them. */
function drawMarks(context: Context, marks: readonly NamedPlace[], x: Scale["x"], height: number): void {
  context.fillStyle = colour("quiet");
  let free = Number.NEGATIVE_INFINITY;
  for (const { name, position } of marks.slice(0, MOST_MARKS)) {
    context.fillRect(x(position) - 0.5, 0, 1, height);
    if (x(position) < free) continue;
    context.fillText(name, x(position) + 3, height - 4);
    free = x(position) + context.measureText(name).width + 8;
  }
}

function drawSide(context: Context, points: readonly TimelinePoint[], { x, y, isLeft }: Scale): void {
  context.beginPath();
  context.moveTo(x(0), y(0));
  for (const { operation, resident } of points) context.lineTo(x(operation), y(resident));
  context.setLineDash(isLeft ? [] : [5, 3]);
  context.strokeStyle = colour(isLeft ? "left" : "right");
  context.lineWidth = 2;
  context.stroke();
}

/** Points at the first highest point of a side, and says how high it is: that of the right below the line. */
function drawPeak(
  context: Context,
  points: readonly TimelinePoint[],
  { x, y, isLeft }: Scale,
  width: number,
): void {
  const [first, ...others] = points;
  if (!first) return;
  const { operation, resident } = others.reduce(
    (most, one) => (one.resident > most.resident ? one : most),
    first,
  );
  const text = `${isLeft ? "▾" : "▴"} ${formatBytes(resident)}`;
  const right = x(operation) + context.measureText(text).width;
  context.fillStyle = colour(isLeft ? "left" : "right");
  // Near the top there is no room above, nor at the ground below.
  const isLow = y(resident) > y(0) - HEAD - 4;
  const place = isLeft || isLow ? y(resident) - 4 : y(resident) + HEAD;
  context.fillText(text, right > width ? width - (right - x(operation)) : x(operation), place);
}
