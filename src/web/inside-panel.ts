/** Tells what lies in the page that is chosen on a map, as a picture, in a sentence, and block by block. */
import { formatCount } from "../index.js";
import { swatch } from "./counters.js";
import { make } from "./dom.js";
import {
  type Block,
  blocksIn,
  bytesByKind,
  type PageInside,
  type Span,
  type SpanKind,
  spansOf,
} from "./inside.js";
import { hex } from "./map-text.js";

/** Lines of the picture. */
const LINES = 4;
const LINE_HEIGHT = 10;

/** Ink on paper: other colours have other meanings. */
const COLOURS: Record<SpanKind, string> = {
  header: "quiet",
  asked: "text",
  rounded: "edge",
  between: "line",
};

/** @param close goes beside the title. @param onSeek called with an operation to go to. */
export function insideElements(
  inside: PageInside,
  close: HTMLElement,
  onSeek: (operation: number) => void,
): HTMLElement[] {
  const { address, bytes } = inside;
  const blocks = blocksIn(inside);
  const spans = spansOf(inside);
  const count = { 0: "no live block", 1: "1 live block" }[blocks.length];
  const title = make("div", { className: "inside-title" }, close);
  title.append(`Page ${hex(address)}: ${count ?? `${formatCount(blocks.length)} live blocks`}`);
  return [title, pictureOf(bytes, spans), keyOf(inside, spans), listOf(blocks, onSeek)];
}

/** The bytes of each kind, with its colour. */
function keyOf({ blocks, headerBytes }: PageInside, spans: readonly Span[]): HTMLElement {
  const sums = bytesByKind(spans);
  const isRoundedKnown = blocks.every(({ usable }) => usable !== undefined);
  const rest = [
    ...(isRoundedKnown ? [] : ["rounded up"]),
    ...(headerBytes === undefined ? ["headers"] : []),
    "free, or the allocator's own",
  ];
  const told: (readonly [SpanKind, string])[] = [["asked", "bytes asked for"]];
  if (isRoundedKnown) told.push(["rounded", "rounded up"]);
  if (headerBytes) told.push(["header", "headers"]);
  told.push(["between", rest.join(", ")]);
  const parts = told.map(([kind, name]) =>
    make("span", {}, swatch(COLOURS[kind]), `${formatCount(sums[kind])} ${name}`),
  );
  return make("div", { className: "inside-key" }, ...parts);
}

/** The bytes of the page, line by line. */
function pictureOf(bytes: number, spans: readonly Span[]): HTMLElement {
  const line = bytes / LINES;
  const parts = Array.from({ length: LINES }, (_, at) => {
    const [from, to] = [at * line, (at + 1) * line];
    const inLine = spans.filter((span) => span.from < to && span.to > from);
    return make("div", {}, ...inLine.map((span) => partOf(span, from, to)));
  });
  const picture = make("div", { className: "inside-picture", ariaHidden: "true" }, ...parts);
  picture.style.height = `${LINES * LINE_HEIGHT}px`;
  return picture;
}

function partOf(span: Span, from: number, to: number): HTMLElement {
  const part = make("span", { className: span.kind });
  const isStart = span.kind === "asked" && span.from >= from;
  if (isStart) part.classList.add("start");
  part.style.flexGrow = String(Math.min(span.to, to) - Math.max(span.from, from));
  return part;
}

function listOf(blocks: readonly Block[], onSeek: (operation: number) => void): HTMLElement {
  const items = blocks.map(({ address, bytes, usable, operation, code, site }) => {
    const go = make("button", { type: "button", textContent: formatCount(operation) });
    go.ariaLabel = `Go to operation ${formatCount(operation)}`;
    go.addEventListener("click", () => onSeek(operation));
    const size = usable === undefined || usable === bytes ? "" : `, ${formatCount(usable)} usable`;
    const where = site === undefined ? "" : `, in ${site}`;
    const text = `${hex(address)}: ${formatCount(bytes)} bytes${size}${where}`;
    return make("li", {}, go, make("code", { textContent: ` ${code} ` }), text);
  });
  return make("ol", {}, ...items);
}
