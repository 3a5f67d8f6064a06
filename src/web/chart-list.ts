/** The charts of the command line for what is on the page. What draws them is loaded after all that is seen first. */
import { callocLoopChart } from "../experiments/calloc-loop/chart.js";
import { cinnabarChart } from "../experiments/cinnabar/chart.js";
import { cinnabarSheet } from "../experiments/cinnabar/sheet.js";
import { cliffsChart } from "../experiments/cliffs/chart.js";
import type { SiteValue } from "../experiments/profile/site-stacks.js";
import { timelineChart } from "../experiments/replay/chart.js";
import { runsSheet } from "../experiments/runs/sheet.js";
import {
  type CinnabarReport,
  type CliffsResult,
  type Counters,
  cinnabarWorkload,
  formatBytes,
  formatCount,
  type Report,
  type Stack,
} from "../index.js";
import type { Sheet } from "../report/sheet.js";
import type { TuneGoal } from "../results/tune.js";
import { callPathPicture, excessPicture, formOf, type Picture, WEIGHTS } from "./call-path-chart.js";
import { colour } from "./dom.js";
import { mapPictures } from "./map-pictures.js";
import { programOf } from "./program-name.js";
import {
  isModule,
  OWN_EXPERIMENTS,
  type OwnExperiment,
  type Played,
  type Progress,
  type SmallMap,
} from "./protocol.js";
import type { Opened, Session } from "./session.js";
import type { LinkOf } from "./sheet-elements.js";
import { formatChoice, formatState, parseChoice, type ViewState } from "./state.js";
import { headingOf, reportOf, runsOf, sidesOf } from "./story.js";
import { lengthOf } from "./tape.js";

/** Sizes of the chart of cost against size. Modules really clear their blocks, some twenty times each. */
const SIZES = { ofModels: { from: 2 ** 10, to: 2 ** 30 }, ofModules: { from: 2 ** 10, to: 2 ** 24 } };

export interface Context {
  state: ViewState;
  opened: Opened;
  session: Session;
  onProgress: (text: string, progress: Progress) => void;
}

export interface Drawn extends Picture {
  /** What belongs below it. */
  more?: readonly Picture[];
  sheets?: readonly Sheet[];
  /** Where rows of the first sheet lead. */
  linkOf?: LinkOf;
}

export interface Chart {
  name: string;
  /** Whether the chart has something to show of this view. */
  suits(state: ViewState, opened: Opened): boolean;
  /** What the person may choose in it: words, by what links have for them, first what is shown at first. */
  lists?: readonly { label: string; options: Readonly<Record<string, string>> }[];
  /** Draws it, as is chosen in each list; and tells the figures that it is drawn of, if it has a table. */
  make(context: Context, chosen: readonly string[]): Promise<Drawn>;
}

/** The sides that have call paths, and can run a trace once more: models that ran. */
const modelSides = (state: ViewState, opened: Opened) =>
  sidesOf(state.sides, opened).filter((side) => !isModule(state.sides[side]));

/** Name of the cost profile by which times are compared: that of the first side that has a clock. */
const machineOf = (state: ViewState, opened: Opened): string | undefined =>
  runsOf(state.sides, opened).find(({ result }) => result.simulated)?.result.simulated?.costs;

/** Of which side a picture is. */
const WHICH = { label: "of", options: { sides: "each side", difference: "what one side has more of" } };

/** What a picture of sites may show. The first is as the command line chooses. */
const SITE_WEIGHTS: Readonly<Record<"" | SiteValue, string>> = {
  "": "live bytes, or those at the peak",
  live: "live bytes at the end",
  peak: "live bytes at the peak",
  allocated: "bytes allocated",
  needless: "bytes zeroed needlessly",
  faults: "page faults",
  time: "simulated time",
};

function siteChart(name: string, picture: "flame" | "graph"): Chart {
  return {
    name,
    suits: (state, opened) => opened.tape.sites !== undefined && modelSides(state, opened).length > 0,
    lists: [{ label: "Of each site", options: SITE_WEIGHTS }, WHICH],
    async make({ state, opened, session }, [value, which]) {
      const { pictures, sheets } = await session.helper.call("sites", {
        choices: modelSides(state, opened).map((side) => state.sides[side]),
        tape: opened.tape,
        touch: state.touch,
        picture,
        value: value as SiteValue,
        isDifference: which === "difference",
        costs: which === "difference" ? machineOf(state, opened) : undefined,
        parameters: reportOf(state, opened).parameters,
      });
      const [first, ...more] = pictures as [Picture, ...Picture[]];
      return { ...first, more, sheets };
    },
  };
}

const callPaths: Chart = {
  name: "Call paths",
  suits: (state, opened) => modelSides(state, opened).length > 0 && state.input.kind !== "reads",
  lists: [{ label: "Boxes are as wide as their", options: WEIGHTS }, WHICH],
  async make({ state, opened, session }, [weight, which]) {
    const compared = which === "difference" ? machineOf(state, opened) : undefined;
    const form = formOf(Number(weight));
    const sides = await Promise.all(
      modelSides(state, opened).map(async (side) => ({
        name: formatChoice(state.sides[side]),
        costs: compared ?? (opened.sides[side] as Played).result.simulated?.costs,
        stacks: (await session.profile(side, { form, title: "", costs: compared })) as Stack[],
      })),
    );
    const heading = headingOf(state, opened);
    const [left, right] = sides;
    const [first, ...more] = (
      left && right && which === "difference"
        ? [
            excessPicture(left, right, Number(weight), heading),
            excessPicture(right, left, Number(weight), heading),
          ]
        : sides.map((side) => callPathPicture(side, Number(weight), heading))
    ) as [Picture, ...Picture[]];
    return { ...first, more };
  },
};

/** Longest program whose settings are searched: it is run a hundred times. */
const MOST_TUNED = 2_000_000;

/** What settings are searched for, by the words of --goal. */
const GOALS: Readonly<Record<TuneGoal, string>> = {
  both: "less memory and time",
  resident: "less memory",
  time: "less time",
};

const tuned: Chart = {
  name: "Settings that would help",
  suits: ({ input }, { tape }) => input.kind !== "reads" && lengthOf(tape) <= MOST_TUNED,
  lists: [{ label: "Settings for", options: GOALS }],
  async make({ state, opened, session, onProgress }, [goal]) {
    const { tape } = opened;
    const { touch, sides, input } = state;
    const job = { ...{ tape, touch, sides, name: programOf(input) }, goal: goal as TuneGoal };
    const { svg, sheets, baseline } = await session.helper.call("tune", job, {
      onProgress: (progress) => onProgress("Trying settings", progress),
    });
    const [{ heading = "", sentences = [] } = {}] = sheets;
    return {
      ...{ svg, sheets, text: `${heading}. ${sentences[0] ?? ""}` },
      linkOf: (label) => baseline && `#${formatState(besideOf(state, baseline, parseChoice(label)))}`,
    };
  },
};

/** The same program on two others. Where the person looked on these is nowhere there. */
const besideOf = (state: ViewState, ...sides: ViewState["sides"]): ViewState => ({
  ...state,
  ...{ sides, at: null, range: null, guide: null, windows: [null, null], pages: [null, null] },
});

/** Longest program that is run on all others. */
const MOST_MULTIPLIED = 2_000_000;

const others: Chart = {
  name: "On other allocators",
  suits: ({ input }, { tape }) => input.kind !== "reads" && lengthOf(tape) <= MOST_MULTIPLIED,
  async make({ state, opened, session, onProgress }) {
    const subtitle = headingOf(state, opened);
    const chosen = sidesOf(state.sides, opened).map((side) => state.sides[side]);
    const job = {
      tape: opened.tape,
      touch: state.touch,
      chosen: chosen.filter((one) => !isModule(one)),
      subtitle,
    };
    const { svg, maps, results, failures } = await session.helper.call("others", job, {
      onProgress: (progress) => onProgress("Running it on other allocators", progress),
    });
    const report = reportOf(state, opened);
    const parameters = report.results[0]?.parameters ?? {};
    const all = { ...report, results: results.map((result) => ({ ...result, parameters })) };
    const sheet = runsSheet(all, subtitle);
    const [left] = state.sides;
    const title = "What is mapped when the program holds the most, on each allocator";
    const more =
      maps.length === 0
        ? []
        : [{ svg: mapPictures(maps, { title, subtitle }, colour), text: mapsText(maps) }];
    return {
      ...{
        more,
        svg,
        text: `Bytes over time on ${formatCount(results.length)} allocators, all on one scale.`,
      },
      sheets: [{ ...sheet, sentences: [...sheet.sentences, ...failures] }],
      linkOf: (label) =>
        label === formatChoice(left)
          ? undefined
          : `#${formatState(besideOf(state, left, parseChoice(label)))}`,
    };
  },
};

const mapsText = (maps: readonly SmallMap[]): string =>
  `What is mapped when the program holds the most, all at one scale. ${maps.map(({ name }) => name).join("; ")}.`;

const ownChart = ([id, name]: [string, string]): Chart => ({
  name,
  suits: () => true,
  async make({ session, onProgress }) {
    const { svg, sheet } = await session.helper.call("experiment", id as OwnExperiment, {
      onProgress: (progress) => onProgress("Running it", progress),
    });
    return { svg, text: `${sheet.heading}.`, sheets: [sheet] };
  },
});

export const CHARTS: readonly Chart[] = [
  {
    name: "Bytes over time",
    suits: () => true,
    async make({ state, opened }) {
      const timelines = runsOf(state.sides, opened).map(({ result: { allocator, options }, timeline }) => ({
        ...{ allocator, options, points: timeline },
      }));
      const subtitle = headingOf(state, opened);
      return {
        svg: timelineChart(timelines, subtitle),
        text: `In use, system and resident bytes over ${subtitle}.`,
      };
    },
  },
  others,
  callPaths,
  siteChart("Allocation sites", "flame"),
  siteChart("Allocation sites, as a graph", "graph"),
  tuned,
  {
    name: "What causes it, and what does not",
    suits: ({ input }) => input.kind === "trace" && input.name === "cinnabar",
    async make({ session, onProgress }) {
      const results = await session.helper.call("cinnabar", cinnabarWorkload, {
        onProgress: (progress) => onProgress("Running Python on each allocator", progress),
      });
      const report: CinnabarReport = { scenario: "cinnabar", parameters: { ...cinnabarWorkload }, results };
      const sheet = cinnabarSheet(report);
      return { svg: cinnabarChart(report), text: `${sheet.heading}.`, sheets: [sheet] };
    },
  },
  {
    name: "Who zeroed the memory",
    suits: ({ input }) => input.kind === "loop",
    async make({ state, opened }) {
      const report = reportOf(state, opened);
      return { svg: callocLoopChart(report), text: `Who zeroed the memory: ${zeroedText(report)}.` };
    },
  },
  {
    name: "Cost against size",
    suits: () => true,
    async make({ state, opened, session, onProgress }) {
      const sizes = state.sides.some(isModule) ? SIZES.ofModules : SIZES.ofModels;
      const results: CliffsResult[] = [];
      for (const side of sidesOf(state.sides, opened))
        results.push(await session.measure(side, "cliffs", sizes, onProgress));
      return {
        svg: cliffsChart({ scenario: "cliffs", parameters: sizes, results }),
        text: cliffsText(results, sizes),
      };
    },
  },
  ...Object.entries(OWN_EXPERIMENTS).map(ownChart),
];

function zeroedText({ results }: Report): string {
  const texts = results.map((result) => {
    const [kernel, allocator, needless] = ["kernel", "allocator", "needless"].map((part) =>
      formatBytes(result.counters.zeroed[part as keyof Counters["zeroed"]]),
    );
    return `${formatChoice(result)}: kernel ${kernel}, allocator ${allocator}, of which ${needless} needlessly`;
  });
  return texts.join("; ");
}

function cliffsText(results: readonly CliffsResult[], { from, to }: typeof SIZES.ofModels): string {
  const sentences = results.map((result) => {
    const cliffs = result.cliffs.map(
      ({ bytes, below, above }) => `${below} up to ${formatCount(bytes)} bytes and ${above} above`,
    );
    const count = result.bands.reduce((sum, bands) => sum + bands.count, 0);
    const but = count ? `, but for ${formatCount(count)} narrow bands of sizes` : "";
    return `${formatChoice(result)} is ${cliffs.join(", ") || `${result.points[0]?.cost ?? "constant"} throughout`}${but}`;
  });
  return `Bytes zeroed per untouched calloc and free, of ${formatBytes(from)} to ${formatBytes(to)}: ${sentences.join("; ")}.`;
}

/** The name of a chart in links and of its file. */
export const idOf = ({ name }: Chart): string => name.toLowerCase().replaceAll(",", "").replaceAll(" ", "-");
