/** The pictures of a trace's allocation sites: its tape is run once more, on models, in the Worker that draws. */
import { flameChart, graphChart, type ShownSites, sitesText } from "../experiments/profile/site-charts.js";
import { sitesHeading, sitesSheet } from "../experiments/profile/site-sheet.js";
import { ALLOCATOR_VALUES, chooseValue } from "../experiments/profile/site-stacks.js";
import { costProfiles, profileSites } from "../index.js";
import { allocatorLabel } from "../report/label.js";
import type { SitesReport } from "../results/sites.js";
import type { Answer, Argument } from "./protocol.js";
import { tapeTrace } from "./tape.js";

/** Characters of a line of the table. */
const WIDTH = 110;

const PICTURES = { flame: flameChart, graph: graphChart };

/** What is live at the end, or at the peak if all is freed by then. What the program decides is drawn once. */
export async function sitePictures(job: Argument<"sites">): Promise<Answer<"sites">> {
  const { choices, tape, touch, picture, parameters, value, isDifference } = job;
  const costs = costProfiles.find(({ name }) => name === job.costs);
  const isAllocators = ALLOCATOR_VALUES.includes(value || "live");
  const reports: SitesReport[] = [];
  for (const { allocator: model, options } of isAllocators ? choices : choices.slice(0, 1)) {
    const profiled = await profileSites({
      model,
      options,
      trace: tapeTrace(tape),
      touch,
      ...(costs && { costs }),
    });
    reports.push({ scenario: "profile", parameters, ...profiled });
  }
  const shown = reports.map((report, side): ShownSites => {
    const other = reports[1 - side];
    return {
      sites: report.sites,
      value: value || chooseValue(report.sites),
      ...{ subtitle: sitesHeading(report), costs: report.costs },
      ...(isDifference && other && { beyond: { name: allocatorLabel(other), sites: other.sites } }),
    };
  });
  const sheets = reports.map((report) => sitesSheet(report, value || undefined, WIDTH));
  const pictures = shown.map(async (one) => ({
    svg: await PICTURES[picture](one),
    text: `${one.subtitle}. ${sitesText(one)}`,
  }));
  return { pictures: await Promise.all(pictures), sheets };
}
