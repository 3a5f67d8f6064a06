/** Offers charts of what is on the page, and shows the one that is chosen. They are loaded once the page is there. */
import type { Busy } from "./busy.js";
import type { Picture } from "./call-path-chart.js";
import type { Chart, Context } from "./chart-list.js";
import { byId, make } from "./dom.js";
import type { Opened } from "./session.js";
import { sheetElements } from "./sheet-elements.js";
import type { ViewState } from "./state.js";

/** A chart, and what is chosen in each of its lists. A link has `name.chosen.chosen`. */
interface Wanted {
  chart: Chart;
  id: string;
  chosen: readonly string[];
}

export class Charts {
  #addresses: string[] = [];
  /** The last that was asked for. What is shown is older while it is drawn. */
  #wanted: Wanted | undefined;

  constructor(
    private readonly busy: Busy,
    private readonly context: () => Omit<Context, "onProgress"> | undefined,
    private readonly onDraw: (id: string) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Offers the charts that suit, and draws the one that the view has; none, if none of them. */
  async offer(state: ViewState, opened: Opened): Promise<void> {
    byId("chart").hidden = true;
    const { CHARTS, idOf } = await import("./chart-list.js");
    if (this.context()?.opened !== opened) return;
    const suiting = CHARTS.filter((chart) => chart.suits(state, opened));
    const wanted = (chart: Chart, words: readonly string[]): Wanted => ({
      ...{ chart, id: idOf(chart) },
      chosen: (chart.lists ?? []).map(({ options }, i) => {
        const [first = ""] = Object.keys(options);
        return words[i] !== undefined && Object.hasOwn(options, words[i]) ? words[i] : first;
      }),
    });
    const buttons = suiting.map((chart) => {
      const button = make("button", { type: "button", textContent: chart.name });
      button.addEventListener("click", () => this.#choose(wanted(chart, [])));
      return button;
    });
    byId("chart-buttons").replaceChildren(...buttons);
    const [id, ...words] = (state.chart ?? "").split(".");
    const chart = suiting.find((one) => idOf(one) === id);
    if (chart) await this.#draw(wanted(chart, words));
  }

  /** Draws what the person chose. */
  #choose(wanted: Wanted): void {
    this.onDraw([wanted.id, ...wanted.chosen].join("."));
    this.#draw(wanted).catch(this.onError);
  }

  async #draw(wanted: Wanted): Promise<void> {
    this.#wanted = wanted;
    const context = this.context();
    if (!context) return;
    const { chart, chosen } = wanted;
    const drawn = await this.busy.run(`Drawing ${chart.name.toLowerCase()}`, (onProgress) =>
      chart.make({ ...context, onProgress }, chosen),
    );
    if (this.context()?.session !== context.session || this.#wanted !== wanted) return;
    for (const address of this.#addresses.splice(0)) URL.revokeObjectURL(address);
    const { more = [], sheets = [], linkOf, ...picture } = drawn;
    const pictures = [picture, ...more].flatMap((one, i) =>
      this.#picture(one, `${wanted.id}${i ? `-${i + 1}` : ""}`),
    );
    const isAlone = sheets.length === 1;
    const tables = sheets.flatMap((sheet, i) => sheetElements(sheet, isAlone, i === 0 ? linkOf : undefined));
    const focused = document.activeElement?.id;
    byId("chart").replaceChildren(this.#lists(wanted), ...pictures, ...tables);
    byId("chart").hidden = false;
    if (focused?.startsWith(LIST)) byId(focused).focus();
  }

  #picture({ svg, text }: Picture, file: string): HTMLElement[] {
    const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    this.#addresses.push(address);
    const save = make("a", { href: address, download: `${file}.svg` }, "Save this picture");
    return [make("img", { src: address, alt: text }), make("figcaption", {}, text, " ", save)];
  }

  /** What there is to choose in a chart. */
  #lists(wanted: Wanted): HTMLElement {
    const { chart, chosen } = wanted;
    const labels = (chart.lists ?? []).map(({ label, options }, i) => {
      const select = make(
        "select",
        { id: `${LIST}${i}` },
        ...Object.entries(options).map(([value, textContent]) => make("option", { value, textContent })),
      );
      select.value = chosen[i] as string;
      select.addEventListener("change", () => {
        const last = this.#wanted?.chart === chart ? this.#wanted.chosen : chosen;
        this.#choose({ ...wanted, chosen: last.map((one, at) => (at === i ? select.value : one)) });
      });
      return make("label", {}, `${label} `, select);
    });
    return make("div", { className: "buttons" }, ...labels);
  }
}

const LIST = "chart-list-";
