/** Tells what lies in the page that is chosen on a map, as a picture, in a sentence, and block by block. */
import { type FreeBlock, formatCount } from "../index.js";
import { swatch } from "./counters.js";
import { make } from "./dom.js";
import {
  type Block,
  blocksIn,
  bytesByKind,
  type FreeRun,
  freeByList,
  freeRuns,
  type PageInside,
  type Span,
  type SpanKind,
  spansOf,
} from "./inside.js";
import { hex } from "./map-text.js";

/** Lines of the picture. */
const LINES = 4;
const LINE_HEIGHT = 10;

/** Ink on paper, as other colours have other meanings; what is free is what pages without an object are. */
const COLOURS: Record<SpanKind, string> = {
  header: "quiet",
  asked: "text",
  rounded: "edge",
  free: "cached",
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
  return [title, pictureOf(bytes, spans), keyOf(inside, spans), listOf(blocks, inside.free ?? [], onSeek)];
}

/** The bytes of each kind, with its colour. */
function keyOf(inside: PageInside, spans: readonly Span[]): HTMLElement {
  const { blocks, headerBytes, free } = inside;
  const sums = bytesByKind(spans);
  const isRoundedKnown = blocks.every(({ usable }) => usable !== undefined);
  const rest = [
    ...(isRoundedKnown ? [] : ["rounded up"]),
    ...(headerBytes === undefined ? ["headers"] : []),
    free ? "the allocator's own" : "free, or the allocator's own",
  ];
  const told: (readonly [SpanKind, string])[] = [["asked", "bytes asked for"]];
  if (isRoundedKnown) told.push(["rounded", "rounded up"]);
  if (headerBytes) told.push(["header", "headers"]);
  if (free) told.push(["free", `free${listsOf(inside)}`]);
  told.push(["between", rest.join(", ")]);
  const parts = told.map(([kind, name]) =>
    make("span", {}, swatch(COLOURS[kind]), `${formatCount(sums[kind])} ${name}`),
  );
  return make("div", { className: "inside-key" }, ...parts);
}

/** How many bytes are in each list: ` (tcache 96; top 3,000)`. */
function listsOf(inside: PageInside): string {
  const lists = [...freeByList(inside)].map(([list, bytes]) => `${list} ${formatCount(bytes)}`);
  return lists.length === 0 ? "" : ` (${lists.join("; ")})`;
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
  const isStart = (span.kind === "asked" || span.kind === "free") && span.from >= from;
  if (isStart) part.classList.add("start");
  part.style.flexGrow = String(Math.min(span.to, to) - Math.max(span.from, from));
  return part;
}

/** Live blocks and free ones, in order of address. */
function listOf(
  blocks: readonly Block[],
  free: readonly FreeBlock[],
  onSeek: (operation: number) => void,
): HTMLElement {
  const items = [
    ...blocks.map((block) => ({ at: block.address, item: liveItem(block, onSeek) })),
    ...freeRuns(free).map((run) => ({ at: run.address, item: freeItem(run) })),
  ].sort((one, other) => one.at - other.at);
  return make("ol", {}, ...items.map(({ item }) => item));
}

function liveItem(
  { address, bytes, usable, operation, code, site }: Block,
  onSeek: (operation: number) => void,
): HTMLElement {
  const go = make("button", { type: "button", textContent: formatCount(operation) });
  go.ariaLabel = `Go to operation ${formatCount(operation)}`;
  go.addEventListener("click", () => onSeek(operation));
  const size = usable === undefined || usable === bytes ? "" : `, ${formatCount(usable)} usable`;
  const where = site === undefined ? "" : `, in ${site}`;
  const text = `${hex(address)}: ${formatCount(bytes)} bytes${size}${where}`;
  return make("li", {}, go, make("code", { textContent: ` ${code} ` }), text);
}

function freeItem({ address, bytes, list, count }: FreeRun): HTMLElement {
  const blocks = count === 1 ? "" : ` in ${formatCount(count)} blocks`;
  return make("li", {}, `${hex(address)}: ${formatCount(bytes)} bytes free${blocks}, ${list}`);
}
