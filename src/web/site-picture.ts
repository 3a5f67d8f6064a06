/** The pictures of a trace's allocation sites: its tape is run once more, on a model, in the Worker that draws. */
import { flameChart, graphChart } from "../experiments/profile/site-charts.js";
import { sitesHeading, sitesSheet } from "../experiments/profile/site-sheet.js";
import { chooseValue } from "../experiments/profile/site-stacks.js";
import { profileSites } from "../index.js";
import type { SitesReport } from "../results/sites.js";
import type { Answer, Argument } from "./protocol.js";
import { tapeTrace } from "./tape.js";

/** Characters of a line of the table. */
const WIDTH = 110;

const PICTURES = { flame: flameChart, graph: graphChart };

/** What is live at the end, or at the peak if all is freed by then. */
export async function sitePicture(job: Argument<"sites">): Promise<Answer<"sites">> {
  const { choice, tape, touch, picture, parameters, value } = job;
  const { allocator: model, options } = choice;
  const profiled = await profileSites({ model, options, trace: tapeTrace(tape), touch });
  const report: SitesReport = { scenario: "profile", parameters, ...profiled };
  const svg = await PICTURES[picture](report.sites, value || chooseValue(report.sites), sitesHeading(report));
  return { svg, sheet: sitesSheet(report, undefined, WIDTH) };
}
