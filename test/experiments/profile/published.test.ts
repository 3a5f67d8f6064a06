/** The picture in the README of the command line. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { graphChart } from "../../../src/experiments/profile/site-charts.js";
import { sitesHeading } from "../../../src/experiments/profile/site-sheet.js";
import { profileSites, readTrace, type SitesReport } from "../../../src/index.js";
import { fileBytes } from "../../trace/helpers.js";

it("is what is drawn today", async () => {
  const published = await readFile(new URL("../../../bench/charts/sites.svg", import.meta.url), "utf8");
  const trace = await readTrace(await fileBytes("./sqlite.txt.gz"));
  const profiled = await profileSites({ model: "glibc", trace, touch: "pages" });
  const parameters = { trace: "test/trace/sqlite.txt.gz", touch: "pages" };
  const report: SitesReport = { scenario: "profile", parameters, ...profiled };
  const drawn = await graphChart({ ...report, value: "live", subtitle: sitesHeading(report) });
  expect(drawn).toBe(published);
});
