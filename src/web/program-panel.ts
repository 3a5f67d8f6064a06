/** The program that both sides run, as code: a loop whole, with the line that ran last, and the operations around that. */
import { WAY_NAMES } from "../experiments/iter-content/sheet.js";
import { formatCount } from "../index.js";
import { byId, make, setText } from "./dom.js";
import { hex } from "./map-text.js";
import type { Moment } from "./protocol.js";
import { type Bundled, formatExact, formatPercent, type Input } from "./state.js";
import { bytesPerRead, lengthOf, type Tape } from "./tape.js";

const BUNDLED_NAMES: Record<Bundled, string> = {
  cc1: "A C compiler compiles one file, as recorded.",
  "git-log": "git log -p on a repository, as recorded.",
  cinnabar: "What git-cinnabar asked of Python, made anew.",
};

const sizeOf = (bytes: number) => formatExact(bytes).replace(/(?=[KMGT]iB)/, " ");
const countOf = (count: number) => formatCount(count).replaceAll(",", "'");

/** A loop as C, a line for each operation of a round between the first and the last line. */
function sourceOf(input: Input): string[] {
  if (input.kind === "loop") {
    const { bytes, count, written } = input;
    const write =
      written > 0
        ? [`  memset(p, 1, ${written < 1 ? `${formatPercent(written)} of ` : ""}${sizeOf(bytes)});`]
        : [];
    return [
      `for (i = 0; i < ${countOf(count)}; i++) {`,
      `  p = calloc(1, ${sizeOf(bytes)});`,
      ...write,
      "  free(p);",
      "}",
    ];
  }
  if (input.kind !== "reads") return [];
  const { chunk, way, body } = input;
  const size = sizeOf(chunk);
  const get = way === "calloc" ? [`  p = calloc(1, ${size});`] : [`  p = malloc(${size});`];
  const clear = way === "malloc+memset" ? [`  memset(p, 0, ${size});`] : [];
  const reads = countOf(body / bytesPerRead(chunk));
  return [
    `for (i = 0; i < ${reads}; i++) {`,
    ...get,
    ...clear,
    `  read(socket, p, ${sizeOf(bytesPerRead(chunk))});`,
    "  free(p);",
    "}",
  ];
}

function textOf(input: Input, tape: Tape): string {
  const operations = `${formatCount(lengthOf(tape))} operations`;
  if (input.kind === "reads") return `${WAY_NAMES[input.way]}. ${operations}.`;
  if (input.kind === "trace") return `${BUNDLED_NAMES[input.name]} ${operations}.`;
  if (input.kind === "file") return `${input.name}: ${operations}.`;
  return `${operations}.`;
}

export class ProgramPanel {
  #lines: HTMLElement[] = [];
  #tape: Tape | undefined;
  readonly #source = byId("source");

  constructor() {
    // So that it can be scrolled by keys.
    byId("code").tabIndex = 0;
  }

  open(input: Input, tape: Tape): void {
    this.#tape = tape;
    this.#lines = sourceOf(input).map((text) => make("code", { textContent: text }));
    this.#source.replaceChildren(...this.#lines);
    this.#source.hidden = this.#lines.length === 0;
    setText(byId("source-text"), textOf(input, tape));
  }

  /** Shows where both sides are: at the same operation, or one of them where it stopped. */
  show(moments: readonly (Moment | undefined)[]): void {
    const there = moments.filter((moment) => moment !== undefined);
    if (there.length === 0) return;
    const furthest = there.reduce((most, moment) => (moment.position > most.position ? moment : most));
    byId("code").replaceChildren(...linesOf(furthest, moments));
    const { count } = this.#tape ?? { count: 1 };
    const ran = furthest.position === 0 ? -1 : (furthest.position - 1) % count;
    for (const [line, element] of this.#lines.entries())
      element.classList.toggle("ran", line === ran + 1 && ran >= 0);
  }
}

function linesOf({ code, position }: Moment, moments: readonly (Moment | undefined)[]): HTMLElement[] {
  return code.map(({ index, code: text }) => {
    const isLast = index === position - 1;
    const number = make("span", { className: "index", textContent: formatCount(index + 1) });
    const line = make("li", {}, number, make("span", { textContent: text }));
    if (!isLast) return line;
    line.setAttribute("aria-current", "step");
    line.append(
      ...moments.flatMap((moment, side) => placeOf(moment, position, side === 0 ? "left" : "right")),
    );
    return line;
  });
}

/** Where the object of the last operation is on one side. */
function placeOf(moment: Moment | undefined, position: number, side: string): HTMLElement[] {
  if (!moment?.object || moment.position !== position) return [];
  const { address } = moment.object;
  const text = `// ${side} ${address ? hex(address) : "0: there is no memory for it"}`;
  return [make("span", { className: `place ${side}`, textContent: text })];
}
