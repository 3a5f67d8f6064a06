/** The command line's charts, of what is on the page: drawn in a Worker, which then loads vega. */
import type { TopLevelSpec } from "vega-lite";
import { type CliffsResult, type Counters, formatBytes, formatCount, type Report } from "../index.js";
import { callocLoopChart } from "../report/chart.js";
import { cliffsChart } from "../report/cliffs-chart.js";
import { heading } from "../report/label.js";
import { timelineChart } from "../report/timeline.js";
import type { Busy } from "./busy.js";
import type { Client } from "./client.js";
import { byId, make } from "./dom.js";
import { type Choice, isModule, type Progress } from "./protocol.js";
import { type Opened, reportOf, runsOf } from "./session.js";
import { formatChoice, type ViewState } from "./state.js";

const CLIFF_SIZES = { from: 2 ** 10, to: 2 ** 30 };

interface Context {
  state: ViewState;
  opened: Opened;
  helper: Client;
  onProgress: (text: string, progress: Progress) => void;
}

interface Chart {
  name: string;
  /** Whether there is anything to draw of such an input. */
  suits(state: ViewState): boolean;
  /** The specification, and in words what the picture shows. */
  make(context: Context): Promise<{ spec: TopLevelSpec; text: string }>;
}

const CHARTS: readonly Chart[] = [
  {
    name: "Bytes over time",
    suits: () => true,
    async make({ state, opened }) {
      const timelines = runsOf(state.sides, opened).map(({ result: { allocator, options }, timeline }) => ({
        ...{ allocator, options, points: timeline },
      }));
      const subtitle = heading(reportOf(state, opened));
      return {
        spec: timelineChart(timelines, subtitle),
        text: `In use, system and resident bytes over ${subtitle}.`,
      };
    },
  },
  {
    name: "Who zeroed the memory",
    suits: ({ input }) => input.kind === "loop",
    async make({ state, opened }) {
      const report = reportOf(state, opened);
      return { spec: callocLoopChart(report), text: `Who zeroed the memory: ${zeroedText(report)}.` };
    },
  },
  {
    name: "Cost against size",
    suits: ({ sides }) => !sides.some(isModule),
    async make({ state, helper, onProgress }) {
      const results: CliffsResult[] = [];
      for (const choice of distinct(state.sides)) {
        const tell = (progress: Progress) =>
          onProgress(`Measuring sizes on ${formatChoice(choice)}`, progress);
        results.push(await helper.call("cliffs", { choice, ...CLIFF_SIZES }, { onProgress: tell }));
      }
      return {
        spec: cliffsChart({ scenario: "cliffs", parameters: CLIFF_SIZES, results }),
        text: cliffsText(results),
      };
    },
  },
];

function distinct(choices: readonly Choice[]): Choice[] {
  return [...new Map(choices.map((choice) => [formatChoice(choice), choice])).values()];
}

function zeroedText({ results }: Report): string {
  const texts = results.map((result) => {
    const [kernel, allocator, needless] = ["kernel", "allocator", "needless"].map((part) =>
      formatBytes(result.counters.zeroed[part as keyof Counters["zeroed"]]),
    );
    return `${formatChoice(result)}: kernel ${kernel}, allocator ${allocator}, of which ${needless} needlessly`;
  });
  return texts.join("; ");
}

function cliffsText(results: readonly CliffsResult[]): string {
  const sentences = results.map((result) => {
    const cliffs = result.cliffs.map(
      ({ bytes, below, above }) => `${below} up to ${formatCount(bytes)} bytes and ${above} above`,
    );
    return `${formatChoice(result)} is ${cliffs.join(", ") || `${result.points[0]?.cost ?? "constant"} throughout`}`;
  });
  return `Bytes zeroed per untouched calloc and free, by size: ${sentences.join("; ")}.`;
}

export class Charts {
  #address: string | undefined;

  constructor(
    private readonly busy: Busy,
    private readonly context: () => Omit<Context, "onProgress"> | undefined,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Offers the charts that suit; takes away the one of before. */
  offer(state: ViewState): void {
    const buttons = CHARTS.filter((chart) => chart.suits(state)).map((chart) => {
      const button = make("button", { type: "button", textContent: chart.name });
      button.addEventListener("click", () => this.#draw(chart).catch(this.onError));
      return button;
    });
    byId("chart-buttons").replaceChildren(...buttons);
    byId("chart").hidden = true;
  }

  async #draw(chart: Chart): Promise<void> {
    const context = this.context();
    if (!context) return;
    const drawn = await this.busy.run(`Drawing ${chart.name.toLowerCase()}`, async (onProgress) => {
      const { spec, text } = await chart.make({ ...context, onProgress });
      return { text, svg: await context.helper.call("draw", spec) };
    });
    this.#show(drawn.svg, drawn.text, chart.name);
  }

  #show(svg: string, text: string, name: string): void {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    const save = make(
      "a",
      { href: this.#address, download: `${name.toLowerCase().replaceAll(" ", "-")}.svg` },
      "Save this picture",
    );
    const figure = byId("chart");
    figure.replaceChildren(
      make("img", { src: this.#address, alt: text }),
      make("figcaption", {}, text, " ", save),
    );
    figure.hidden = false;
  }
}
