/**
 * What a link to a view can be shown by: a picture of the size that others show links in, with both figures, both maps, and
 * the point.
 *
 *      480 s or 0.23 s. The same program.          the headline
 *      libmalloc              glibc
 *      ┌─────────────────┐    ┌─────────────────┐
 *      │ its map         │    │                 │
 *      └─────────────────┘    └─────────────────┘
 *      libmalloc clears 976.5 GiB that already …   the punchline, at most two lines
 *      calloc of 100 MiB, 10,000 times · zeropage
 */
import { colour } from "../dom.js";
import { programOf } from "../program-name.js";
import { type HeadlinePart, headlineOf, punchlineOf } from "../punchline.js";
import { formatChoice, SIDES, type Side } from "../state.js";
import { pngOf } from "./picture.js";
import type { Shared } from "./shared.js";

const PREVIEW = { width: 1200, height: 630 };

const MARGIN = 56;
const GAP = 32;
const MAP = { width: (PREVIEW.width - 2 * MARGIN - GAP) / 2, height: 268 };
/** Sizes of the headline's letters, of which the first is taken with which it fits. */
const HEADLINE = [54, 46, 38, 32, 26];
const [LINES, LINE] = [2, 36];

/** The page's own. */
const letters = () => getComputedStyle(document.body).fontFamily;

export async function previewPicture(shared: Shared): Promise<Blob> {
  const { state, opened, maps } = shared;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, PREVIEW);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.fillStyle = colour("ground");
  context.fillRect(0, 0, PREVIEW.width, PREVIEW.height);
  drawHeadline(context, headlineOf(opened));
  for (const side of SIDES) drawMap(context, side, formatChoice(state.sides[side]), maps[side]);
  context.font = `26px ${letters()}`;
  context.fillStyle = colour("text");
  for (const [i, line] of linesOf(context, punchlineOf(state, opened)).entries())
    context.fillText(line, MARGIN, 496 + i * LINE);
  context.font = `22px ${letters()}`;
  context.fillStyle = colour("quiet");
  context.fillText(cut(context, `${programOf(state.input)} · zeropage`), MARGIN, PREVIEW.height - 40);
  return pngOf(canvas);
}

function drawHeadline(context: CanvasRenderingContext2D, parts: readonly HeadlinePart[]): void {
  const font = (size: number) => `650 ${size}px ${letters()}`;
  const room = PREVIEW.width - 2 * MARGIN;
  const whole = parts.map(({ text }) => text).join("");
  const fits = (size: number) => {
    context.font = font(size);
    return context.measureText(whole).width <= room;
  };
  context.font = font(HEADLINE.find(fits) ?? (HEADLINE.at(-1) as number));
  let x = MARGIN;
  for (const { text, of } of parts) {
    context.fillStyle = colour(of === undefined || of === "both" ? "text" : of);
    context.fillText(text, x, 100);
    x += context.measureText(text).width;
  }
}

/** The upper part of a map, as wide as there is room. */
function drawMap(
  context: CanvasRenderingContext2D,
  side: Side,
  name: string,
  map: HTMLCanvasElement | undefined,
): void {
  const x = MARGIN + side * (MAP.width + GAP);
  context.font = `650 24px ${letters()}`;
  context.fillStyle = colour(side === 0 ? "left" : "right");
  context.fillText(cut(context, name, MAP.width), x, 156);
  if (!map || map.width === 0) return;
  const scale = MAP.width / map.width;
  const height = Math.min(map.height, MAP.height / scale);
  context.drawImage(map, 0, 0, map.width, height, x, 172, MAP.width, height * scale);
}

/** A text in lines, of which the last is cut if there are more. */
function linesOf(context: CanvasRenderingContext2D, text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trim();
    const isRoom = context.measureText(longer).width <= PREVIEW.width - 2 * MARGIN;
    if (lines.length > 0 && (isRoom || lines.length === LINES)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => cut(context, line));
}

/** A text, or as much of it as there is room for. */
function cut(context: CanvasRenderingContext2D, text: string, room = PREVIEW.width - 2 * MARGIN): string {
  if (context.measureText(text).width <= room) return text;
  let length = text.length;
  while (length > 0 && context.measureText(`${text.slice(0, length)}…`).width > room) length--;
  return `${text.slice(0, length)}…`;
}
