/** Records the golden files from the libpython of this machine: `npm run oracle:pymalloc`. */
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { formatGolden, type GoldenTrace, goldenFolder } from "../oracle/golden.js";
import { requireZeroPage, whyNotLive } from "../oracle/live.js";
import { findOracle, MODELLED_GLIBC } from "../oracle/oracle.js";
import { GOLDEN_FILES, realDigest } from "./golden.js";
import { goldenTraces } from "./golden-traces.js";

requireZeroPage();
const found = await findOracle(MODELLED_GLIBC, "pymalloc");
const reason = whyNotLive(found);
if (found.state === "absent" || reason) throw new Error(`pymalloc is not recorded: ${reason}`);
const { oracle } = found;
const layer = execFileSync("dpkg-query", ["-W", "-f", "$" + "{Version}", "libpython3.11"], {
  encoding: "utf8",
});
const folder = goldenFolder("pymalloc");
await mkdir(folder, { recursive: true });
for (const name of GOLDEN_FILES) {
  const traces: GoldenTrace[] = [];
  for (const trace of await goldenTraces(name)) traces.push(await realDigest(oracle, trace));
  const head = { glibc: oracle.glibc, layer, package: oracle.packageVersion, kernel: release() };
  const text = formatGolden({ ...head, traces });
  await writeFile(new URL(`${name}.json`, folder), text);
  console.log(`${name}.json: ${traces.length} traces, ${text.length} bytes`);
}
