/** The pictures of a profile by site. */
import { formatBytes, formatCount } from "../../base/bytes.js";
import { formatShare } from "../../base/numbers.js";
import { callGraph, LEAST_EDGE, type WeightedStack } from "../../profile/call-graph.js";
import { boxGraph } from "../../report/box-graph.js";
import { flameGraph } from "../../report/flame-graph.js";
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
};

/** Draws a picture of one value of all sites, as an SVG document. `subtitle` names the run. */
export type SiteChart = (sites: readonly SiteUse[], value: SiteValue, subtitle: string) => Promise<string>;

export const flameChart: SiteChart = async (sites, value, subtitle) =>
  flameGraph({ title: TITLES[value], subtitle, stacks: stacksOf(sites, value), format: formatOf(value) });

export const graphChart: SiteChart = (sites, value, subtitle) => {
  const graph = callGraph(stacksOf(sites, value), MOST_BOXES);
  const { nodes, leftOut } = graph;
  const functions = formatCount(nodes.length + leftOut.nodes);
  const parts = [
    subtitle,
    ...(leftOut.nodes > 0 ? [`the ${nodes.length} heaviest of ${functions} functions`] : []),
    ...(leftOut.edges > 0 ? [`calls below ${formatShare(LEAST_EDGE, 1)} left out`] : []),
  ];
  return boxGraph({ title: TITLES[value], subtitle: parts.join("; "), graph, format: formatOf(value) });
};

function stacksOf(sites: readonly SiteUse[], value: SiteValue): WeightedStack[] {
  const measure = SITE_MEASURES[measureOf(value)];
  return sites.map((site) => ({ frames: site.frames, value: measure?.of(site) ?? 0 }));
}

const formatOf = (value: SiteValue) => (value === "faults" ? formatCount : formatBytes);
