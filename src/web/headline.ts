/** What there is to see at first sight: both figures large, a bar for each that grows while the page plays, and the point. */
import { byId, make, setText } from "./dom.js";
import { type Counted, countedOf, type Measure, measureOf, TIME } from "./measure.js";
import type { Played } from "./protocol.js";
import { headlineOf, punchlineOf } from "./punchline.js";
import { type Opened, SideError } from "./session.js";
import { formatChoice, SIDES, type ViewState } from "./state.js";

const SIDE_NAMES = ["left", "right"] as const;

interface Bar {
  element: HTMLElement;
  name: HTMLElement;
  /** What is done up to now, of `whole`. */
  now: HTMLElement;
  whole: HTMLElement;
  figure: HTMLElement;
}

export class Headline {
  readonly #bars: Bar[] = SIDES.map((side) => makeBar(SIDE_NAMES[side]));
  #measure: Measure | undefined;
  #most = 0;

  constructor() {
    byId("race").append(...this.#bars.map(({ element }) => element));
  }

  /** Tells of two runs. */
  open(state: ViewState, opened: Opened): void {
    const [left, right] = opened.sides;
    for (const side of SIDES) {
      const { name } = this.#bars[side] as Bar;
      name.title = formatChoice(state.sides[side]);
      setText(name, name.title);
    }
    byId("headline-title").replaceChildren(
      ...headlineOf(opened).map(({ text, of }) =>
        of === undefined ? text : make("span", { className: of, textContent: text }),
      ),
    );
    setText(byId("punchline"), punchlineOf(state, opened));
    byId("race").hidden = left instanceof SideError || right instanceof SideError;
    if (left instanceof SideError || right instanceof SideError) {
      this.#measure = undefined;
      setText(byId("priced"), "");
    } else this.#compare(left, right);
  }

  #compare(left: Played, right: Played): void {
    const measure = measureOf(left, right);
    const figures = [left, right].map((run) => measure.of(countedOf(run))) as [number, number];
    this.#measure = measure;
    this.#most = Math.max(...figures);
    setText(byId("priced"), pricedText(measure, left, right));
    for (const side of SIDES) {
      const { whole, element } = this.#bars[side] as Bar;
      whole.style.width = this.#share(figures[side]);
      element.dataset.value = String(figures[side]);
    }
  }

  /** Shows how far the bars are at a moment. */
  show(moments: readonly (Counted | undefined)[]): void {
    const [left, right] = moments;
    const { of, texts } = this.#measure ?? {};
    if (!of || !texts || !left || !right) return;
    const figures = [of(left), of(right)] as [number, number];
    const written = texts(...figures);
    for (const side of SIDES) {
      const { now, figure } = this.#bars[side] as Bar;
      now.style.width = this.#share(figures[side]);
      setText(figure, written[side]);
    }
  }

  #share(figure: number): string {
    return `${this.#most === 0 ? 0 : Math.min(100, (100 * figure) / this.#most)}%`;
  }
}

function makeBar(side: "left" | "right"): Bar {
  const [whole, now] = [make("span", { className: "whole" }), make("span", { className: "now" })];
  const figure = make("span", { className: "figure" });
  const track = make("span", { className: "track", attributes: { "aria-hidden": "true" } }, whole, now);
  const name = make("span", { className: "name" });
  const element = make("div", { className: `lane ${side}` }, name, track, figure);
  return { element, name, now, whole, figure };
}

/** What a figure is, and by which machines a time is simulated. */
function pricedText({ name }: Measure, left: Played, right: Played): string {
  const machines = [left, right].map(({ result }) => result.simulated?.costs);
  if (measureOf(left, right) !== TIME) return `Compared by ${name}.`;
  return machines[0] === machines[1]
    ? `Time is simulated, on one machine: ${machines[0]}.`
    : `Time is simulated, each on the machine of its system: ${machines.join(" and ")}.`;
}
