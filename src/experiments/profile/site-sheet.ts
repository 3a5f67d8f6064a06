/** What people read of a profile by site. */
import { totalFaults } from "../../allocator/counters.js";
import { formatBytes, formatCount } from "../../base/bytes.js";
import { formatCell, formatSeconds, formatShare } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import { type Cell, type Sheet, worseIf } from "../../report/sheet.js";
import type { SitesReport, SiteUse } from "../../results/sites.js";
import { replayHeading } from "../replay/sheet.js";
import { chooseValue, measureOf, SITE_MEASURES, type SiteValue } from "./site-stacks.js";

/** Sites beyond which a table is no longer read. */
const MOST_ROWS = 20;
/** Characters of a site's name at the least, and those of the other columns together. */
const LEAST_NAME = 28;
const OTHER_COLUMNS = 52;
/** Of the column of time, which is left out of a narrow table unless it is asked for. */
const TIME_COLUMN = 10;

/** The moment at which a table shows what sites hold. */
type Moment = "live" | "peak";

/**
 * @param value what the reader asks for: sites with the most of it come first, and the table is of the end or of the peak.
 * @param width characters of a line, which the names of sites are shortened to.
 */
export function sitesSheet(report: SitesReport, value?: SiteValue, width = 80): Sheet {
  const moment = value === "live" || value === "peak" ? value : chooseValue(report.sites);
  const sites = heaviest(report.sites, value ?? moment);
  const shown = sites.slice(0, MOST_ROWS);
  const hasTime = value === "time" || width >= LEAST_NAME + OTHER_COLUMNS + TIME_COLUMN;
  const room = Math.max(LEAST_NAME, width - OTHER_COLUMNS - (hasTime ? TIME_COLUMN : 0));
  return {
    heading: `${sitesHeading(report)}, by site`,
    columns: [
      { header: ["site"], align: "left" },
      { header: moment === "live" ? ["live"] : ["live at", "the peak"], align: "right" },
      { header: ["objects"], align: "right" },
      { header: ["allocated"], align: "right" },
      { header: ["needlessly", "zeroed"], align: "right" },
      { header: ["faults"], align: "right" },
      ...(hasTime ? [{ header: ["time"], align: "right" } as const] : []),
    ],
    rows: shown.map((site) => [...rowOf(site, moment, room), ...(hasTime ? [timeOf(site)] : [])]),
    sentences: [
      ...sentencesOn(sites, moment, report.costs),
      ...leftOut(shown.length, sites.length, value ?? moment),
    ],
  };
}

/** Says in a line what was run. */
export function sitesHeading(report: SitesReport): string {
  return `${allocatorLabel(report)}: ${replayHeading(report.parameters)}`;
}

/** Sites by a value, then by all bytes allocated. */
function heaviest(sites: readonly SiteUse[], value: SiteValue): SiteUse[] {
  const of = SITE_MEASURES[measureOf(value)]?.of ?? (() => 0);
  return [...sites].sort((one, other) => of(other) - of(one) || other.allocated.bytes - one.allocated.bytes);
}

function rowOf(site: SiteUse, moment: Moment, room: number): Cell[] {
  const { allocated, faults, zeroed } = site;
  return [
    plain(siteName(site.frames, room)),
    plain(formatCell(site[moment].bytes)),
    plain(formatCount(site[moment].objects)),
    plain(formatCell(allocated.bytes)),
    { text: formatCell(zeroed.needless), tone: worseIf(zeroed.needless > 0) },
    plain(formatCount(totalFaults(faults))),
  ];
}

const timeOf = ({ seconds }: SiteUse): Cell => plain(seconds === 0 ? "0" : formatSeconds(seconds));

const plain = (text: string): Cell => ({ text, tone: "plain" });

/** The innermost frame and its callers, as much as there is room for: `grow ← parse fi…`. */
export function siteName(frames: readonly string[], room: number): string {
  const name = [...frames].reverse().join(" ← ");
  return name.length <= room ? name : `${name.slice(0, room - 1)}…`;
}

const sum = (sites: readonly SiteUse[], of: (site: SiteUse) => number): number =>
  sites.reduce((total, site) => total + of(site), 0);

function sentencesOn(sites: readonly SiteUse[], moment: Moment, costs: string): string[] {
  const [held, needless] = [(site: SiteUse) => site[moment].bytes, ({ zeroed }: SiteUse) => zeroed.needless];
  const isEmptied = moment === "peak" && chooseValue(sites) === "peak";
  const when =
    moment === "live" ? "live at the end" : `live at the peak${isEmptied ? "; at the end nothing is" : ""}`;
  return [
    ...mostOf(
      sites,
      held,
      (site, share, all) => `${site} holds ${share} of the ${formatBytes(all)} that are ${when}.`,
    ),
    ...mostOf(
      sites,
      needless,
      (site, share, all) => `${site} causes ${share} of the ${formatBytes(all)} that were zeroed needlessly.`,
    ),
    ...mostOf(
      sites,
      ({ seconds }) => seconds,
      (site, share, all) =>
        `${site} takes ${share} of the ${formatSeconds(all)} of simulated time (${costs}).`,
    ),
  ];
}

/** A sentence on the site with the most of a thing; none where there is nothing of it. */
function mostOf(
  sites: readonly SiteUse[],
  of: (site: SiteUse) => number,
  say: (site: string, share: string, all: number) => string,
): string[] {
  const all = sum(sites, of);
  if (all === 0) return [];
  const most = sites.reduce((one, other) => (of(other) > of(one) ? other : one));
  return [say(siteName(most.frames, 60), formatShare(of(most), all), all)];
}

const MOST: Record<SiteValue, string> = {
  live: "that hold the most",
  peak: "that hold the most",
  allocated: "that allocate the most",
  needless: "with the most needless zeroing",
  faults: "with the most faults",
  time: "that take the most time",
};

function leftOut(shown: number, all: number, value: SiteValue): string[] {
  return shown === all ? [] : [`These are the ${shown} ${MOST[value]} of ${formatCount(all)} sites.`];
}
