/** The pictures of a profile by site. */
import { formatBytes, formatCount } from "../../base/bytes.js";
import { formatSeconds, formatShare } from "../../base/numbers.js";
import { callGraph, LEAST_EDGE, type WeightedStack } from "../../profile/call-graph.js";
import { stacksBeyond } from "../../profile/excess.js";
import { boxGraph } from "../../report/box-graph.js";
import { flameGraph, flameText } from "../../report/flame-graph.js";
import type { SiteUse } from "../../results/sites.js";
import { measureOf, SITE_MEASURES, type SiteValue } from "./site-stacks.js";

/** Functions beyond which a graph is no longer read. */
const MOST_BOXES = 40;

const TITLES: Record<SiteValue, string> = {
  live: "Bytes live at the end, by site",
  peak: "Bytes live at the peak, by site",
  allocated: "Bytes allocated, by site",
  needless: "Bytes zeroed needlessly, by site",
  faults: "Faults, by site",
  time: "Simulated time, by site",
};

/** One value of all sites, or what it is beyond that of another run. */
export interface ShownSites {
  sites: readonly SiteUse[];
  value: SiteValue;
  /** Names the run. */
  subtitle: string;
  /** Name of the cost profile of its simulated time. */
  costs: string;
  beyond?: { name: string; sites: readonly SiteUse[] };
}

/** Draws a picture, as an SVG document. */
export type SiteChart = (shown: ShownSites) => Promise<string>;

export const flameChart: SiteChart = async (shown) =>
  flameGraph({ ...headed(shown), subtitle: shown.subtitle, stacks: stacksOf(shown) });

export const graphChart: SiteChart = (shown) => {
  const graph = callGraph(stacksOf(shown), MOST_BOXES);
  const { nodes, leftOut } = graph;
  const functions = formatCount(nodes.length + leftOut.nodes);
  const parts = [
    shown.subtitle,
    ...(leftOut.nodes > 0 ? [`the ${nodes.length} heaviest of ${functions} functions`] : []),
    ...(leftOut.edges > 0 ? [`calls below ${formatShare(LEAST_EDGE, 1)} left out`] : []),
  ];
  return boxGraph({ ...headed(shown), subtitle: parts.join("; "), graph });
};

/** What a picture has, in a sentence. */
export const sitesText = (shown: ShownSites): string =>
  flameText({ ...headed(shown), stacks: stacksOf(shown) });

const headed = ({ value, costs, beyond }: ShownSites) => ({
  title: [
    TITLES[value],
    value === "time" ? ` (${costs})` : "",
    beyond ? `: more than on ${beyond.name}` : "",
  ].join(""),
  format: FORMATS[SITE_MEASURES[measureOf(value)]?.unit ?? "bytes"],
});

function stacksOf({ sites, value, beyond }: ShownSites): WeightedStack[] {
  const measure = SITE_MEASURES[measureOf(value)];
  const stacks = (uses: readonly SiteUse[]) =>
    uses.map((site) => ({ frames: site.frames, value: measure?.of(site) ?? 0 }));
  return beyond ? stacksBeyond(stacks(sites), stacks(beyond.sites)) : stacks(sites);
}

const FORMATS = {
  bytes: formatBytes,
  count: formatCount,
  nanoseconds: (ns: number) => formatSeconds(ns / 1e9),
};
