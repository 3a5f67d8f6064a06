import { describe, expect, it } from "vitest";
import { siteName, sitesSheet } from "../../../src/experiments/profile/site-sheet.js";
import type { SiteValue } from "../../../src/experiments/profile/site-stacks.js";
import type { Sheet } from "../../../src/report/sheet.js";
import { renderTable } from "../../../src/report/table.js";
import type { SitesReport } from "../../../src/results/sites.js";
import { fakeSite, fakeSites } from "../../results/sites.js";

const report: SitesReport = {
  scenario: "profile",
  parameters: { trace: "a.txt", touch: "pages" },
  ...{ allocator: "glibc", options: {}, costs: "linux-vm", failedAllocations: 0, sites: fakeSites },
};

describe("a table of sites", () => {
  it("has the sites that hold the most first, and says which", () => {
    expect(renderTable(sitesSheet(report))).toMatchInlineSnapshot(`
      "glibc: replay: trace a.txt, touch pages, by site

                                                                    needlessly
      site                              live  objects    allocated      zeroed  faults
      ─────────────────────────  ───────────  ───────  ───────────  ──────────  ──────
      grow ← parse file ← main       2.9 KiB        2      8.8 KiB       4 KiB       5
      grow ← walk ← walk ← main  1,000 bytes        1  1,000 bytes           0       0
      parse file ← main                    0        0     70 bytes           0       0
      unknown                              0        0            0           0       3

      grow ← parse file ← main holds 75% of the 3.9 KiB that are live at the end.
      grow ← parse file ← main causes 100% of the 4 KiB that were zeroed needlessly.
      grow ← parse file ← main takes 100% of the 12.5 ms of simulated time (linux-vm).
      "
    `);
  });

  it("is of the peak where all is freed, and where that is asked for", () => {
    const freed = report.sites.map((site) => ({ ...site, live: { objects: 0, bytes: 0 } }));
    const [first] = sitesSheet({ ...report, sites: freed }).sentences;
    expect(first).toBe(
      "grow ← parse file ← main holds 80% of the 4.9 KiB that are live at the peak; at the end nothing is.",
    );
    expect(sitesSheet(report, "peak").sentences[0]).toMatch(/ live at the peak\.$/);
    expect(sitesSheet(report, "faults").sentences[0]).toMatch(/ live at the end\.$/);
  });

  it("has the time where there is room, or it is asked for", () => {
    const lastOf = (sheet: Sheet) => [sheet.columns.at(-1)?.header, sheet.rows[0]?.at(-1)?.text];
    expect(lastOf(sitesSheet(report, undefined, 90))).toEqual([["time"], "12.5 ms"]);
    expect(lastOf(sitesSheet(report, undefined, 89))).toEqual([["faults"], "5"]);
    expect(lastOf(sitesSheet(report, "time", 80))).toEqual([["time"], "12.5 ms"]);
  });

  it("says how many sites it leaves out", () => {
    const sites = Array.from({ length: 21 }, (_, i) => fakeSite(`main;f${i}`));
    const { rows, sentences } = sitesSheet({ ...report, sites });
    expect([rows.length, sentences]).toEqual([20, ["These are the 20 that hold the most of 21 sites."]]);
    expect(sitesSheet({ ...report, sites }, "time").sentences).toEqual([
      "These are the 20 that take the most time of 21 sites.",
    ]);
  });

  it("has those first that have the most of what is asked for", () => {
    const first = (value: SiteValue) => sitesSheet({ ...report, sites }, value).rows[0]?.[0]?.text;
    const sites = [
      ...fakeSites,
      fakeSite("main;slow", { seconds: 3 }),
      fakeSite("main;faulty", { faults: { zeroMap: 9, zeroFill: 0, copyOnWrite: 0 } }),
    ];
    expect((["live", "allocated", "needless", "faults", "time"] as const).map(first)).toEqual([
      ...["grow ← parse file ← main", "grow ← parse file ← main", "grow ← parse file ← main"],
      ...["faulty ← main", "slow ← main"],
    ]);
  });

  it("shortens names to the width of the terminal", () => {
    expect(siteName(["main", "parse file", "grow"], 26)).toBe("grow ← parse file ← main");
    expect(siteName(["main", "parse file", "grow"], 20)).toBe("grow ← parse file ←…");
    expect(sitesSheet(report, undefined, 200).rows[1]?.[0]?.text).toBe("grow ← walk ← walk ← main");
  });
});
