/** A heap profile, opened with two readers: one of npm's, and the real `go tool pprof` where Go is installed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";
import { expect, test } from "vitest";
import { measureOf, SITE_MEASURES, siteStacks } from "../../../src/experiments/profile/site-stacks.js";
import { pprofFile } from "../../../src/profile/pprof.js";
import { fakeSites } from "../../results/sites.js";
import { hasTool } from "../../toolchains.js";

const bytes = pprofFile(siteStacks(fakeSites), "a run", SITE_MEASURES, measureOf("live"));

test("a heap profile has the measures of Go's, and those of zeropage", () => {
  const profile = Profile.decode(gunzipSync(bytes));
  const text = (at: number | bigint) => profile.stringTable.strings[Number(at)];
  const types = profile.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`);
  const totals = types.map((_, i) => profile.sample.reduce((sum, { value }) => sum + Number(value[i]), 0));
  expect(Object.fromEntries(types.map((type, i) => [type, totals[i]]))).toEqual({
    "inuse_objects/count": 3,
    "inuse_space/bytes": 4000,
    "alloc_objects/count": 13,
    "alloc_space/bytes": 10_070,
    "peak_objects/count": 4,
    "peak_space/bytes": 5000,
    "needless_space/bytes": 4096,
    "faults/count": 8,
    "time/nanoseconds": 12_500_000,
  });
  expect(text(profile.defaultSampleType)).toBe("inuse_space");
});

test.runIf(hasTool("go"))("go tool pprof opens it, and counts a recursive function once", () => {
  const folder = mkdtempSync(join(tmpdir(), "zeropage-test-"));
  try {
    const file = join(folder, "heap.pb.gz");
    writeFileSync(file, bytes);
    const pprof = (...flags: string[]) =>
      String(execFileSync("go", ["tool", "pprof", "-top", ...flags, file], { stdio: "pipe" }));
    const rows = (text: string) =>
      [...text.matchAll(/^ *(\S+) +\S+ +\S+ +(\S+) +\S+ {2}(.+)$/gm)].map(([, ...row]) => row.join(" "));
    const live = pprof("-unit=B", "-nodefraction=0");
    expect(live).toContain("Type: inuse_space");
    expect(rows(live)).toEqual(["4000B 4000B grow", "0 4000B main", "0 3000B parse file", "0 1000B walk"]);
    expect(rows(pprof("-sample_index=faults", "-nodefraction=0"))).toEqual([
      "5 5 grow",
      "3 3 unknown",
      "0 5 main",
      "0 5 parse file",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
