/** `zeropage profile TRACE --by site`: what each allocation site holds and causes. */
import { UsageError } from "../base/errors.js";
import { parseWord } from "../base/flags.js";
import { flameChart, graphChart } from "../experiments/profile/site-charts.js";
import { sitesHeading, sitesSheet } from "../experiments/profile/site-sheet.js";
import {
  chooseValue,
  measureOf,
  SITE_MEASURES,
  SITE_VALUES,
  siteStacks,
} from "../experiments/profile/site-stacks.js";
import { collapsedStacks } from "../profile/collapsed.js";
import { speedscopeFile } from "../profile/speedscope.js";
import type { Stack } from "../profile/stacks.js";
import { jsonReport, plainJson } from "../report/json.js";
import { renderTable } from "../report/table.js";
import type { SitesReport } from "../results/sites.js";
import { type CostsFlags, chooseCosts } from "./costs.js";
import type { Environment } from "./environment.js";
import { writeNotes, writePicture } from "./finish.js";
import { type OutFile, prepareSvg } from "./outfile.js";
import { prepareFiles, profiledTrace, type TraceFlags, writeFile } from "./profiled.js";
import { tableStyle } from "./terminal.js";

/** The flags of a profile by site, and those that both kinds of profile have. */
export interface SiteFlags {
  by?: string;
  value?: string;
  json?: boolean;
  collapsed?: string;
  speedscope?: string;
  pprof?: string;
  flame?: string;
  graph?: string;
}

/** What a file is made of: the measure numbered `main` is what it shows, or shows first. */
interface Shown {
  stacks: readonly Stack[];
  main: number;
  title: string;
}

/** What goes to files, by flag. Each is loaded only when it is asked for. */
const FORMATS = {
  collapsed: async ({ stacks, main }: Shown) => collapsedStacks(stacks, main),
  speedscope: async ({ stacks, main, title }: Shown) =>
    plainJson(speedscopeFile(stacks, title, SITE_MEASURES, main)),
  pprof: async ({ stacks, main, title }: Shown) =>
    (await import("../profile/pprof.js")).pprofFile(stacks, title, SITE_MEASURES, main),
};
type Format = keyof typeof FORMATS;

/** The pictures, by flag. */
const PICTURES = { flame: flameChart, graph: graphChart };
type Picture = keyof typeof PICTURES;

/** Throws UsageError before any work. */
export async function profileBySite(
  what: string,
  flags: SiteFlags & TraceFlags & CostsFlags,
  environment: Environment,
): Promise<void> {
  parseWord(flags.by ?? "", "--by", ["site"]);
  const value = flags.value === undefined ? undefined : parseWord(flags.value, "--value", SITE_VALUES);
  if (what === "calloc-loop") {
    throw new UsageError("--by site: name a trace that has sites, not calloc-loop, which is one site");
  }
  const costs = await chooseCosts(flags);
  const trace = await profiledTrace(what, flags, environment);
  const files = await prepareFiles(flags, Object.keys(FORMATS) as Format[]);
  const pictures = await preparePictures(flags);
  const { library, stdout } = environment;
  const profiled = await trace.run((run) => library.profileSites({ ...run, ...costs }));
  const report: SitesReport = { scenario: "profile", parameters: trace.parameters, ...profiled };
  const sheet = sitesSheet(report, value, stdout.columns);
  stdout.write(
    flags.json ? jsonReport(report, environment.version) : renderTable(sheet, tableStyle(environment)),
  );
  writeNotes([report], environment);
  const chosen = value ?? chooseValue(report.sites);
  const shown = { stacks: siteStacks(report.sites), main: measureOf(chosen), title: sheet.heading };
  for (const [format, file] of files) writeFile(file, await FORMATS[format](shown), environment);
  for (const [picture, file] of pictures) {
    const shownSites = {
      sites: report.sites,
      value: chosen,
      costs: report.costs,
      subtitle: sitesHeading(report),
    };
    await writePicture({ file, draw: () => PICTURES[picture](shownSites) }, environment);
  }
}

async function preparePictures(flags: SiteFlags): Promise<[Picture, OutFile][]> {
  const files: [Picture, OutFile][] = [];
  for (const picture of Object.keys(PICTURES) as Picture[]) {
    const path = flags[picture];
    if (path !== undefined) files.push([picture, prepareSvg(`--${picture}`, path)]);
  }
  return files;
}
