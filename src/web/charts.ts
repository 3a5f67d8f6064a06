/** Offers charts of what is on the page, and shows the one that is chosen. They are loaded once the page is there. */
import type { Busy } from "./busy.js";
import type { Chart, Context, Drawn } from "./chart-list.js";
import { byId, make } from "./dom.js";
import type { Opened } from "./session.js";
import { sheetElements } from "./sheet-elements.js";
import type { ViewState } from "./state.js";

export class Charts {
  #address: string | undefined;

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
    const buttons = CHARTS.filter((chart) => chart.suits(state, opened)).map((chart) => {
      const button = make("button", { type: "button", textContent: chart.name });
      button.addEventListener("click", () => {
        this.onDraw(idOf(chart));
        this.#draw(chart, idOf(chart)).catch(this.onError);
      });
      return button;
    });
    byId("chart-buttons").replaceChildren(...buttons);
    const chosen = CHARTS.find((chart) => idOf(chart) === state.chart && chart.suits(state, opened));
    if (chosen) await this.#draw(chosen, idOf(chosen));
  }

  async #draw(chart: Chart, id: string): Promise<void> {
    const context = this.context();
    if (!context) return;
    const drawn = await this.busy.run(`Drawing ${chart.name.toLowerCase()}`, (onProgress) =>
      chart.make({ ...context, onProgress }),
    );
    if (this.context()?.session === context.session) this.#show(drawn, id);
  }

  #show({ svg, text, sheet }: Drawn, id: string): void {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    const save = make("a", { href: this.#address, download: `${id}.svg` }, "Save this picture");
    const figure = byId("chart");
    figure.replaceChildren(
      make("img", { src: this.#address, alt: text }),
      make("figcaption", {}, text, " ", save),
      ...(sheet ? sheetElements(sheet) : []),
    );
    figure.hidden = false;
  }
}
