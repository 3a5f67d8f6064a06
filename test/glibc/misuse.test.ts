/** What each release of glibc does about programs that break the rules: the model, and the real one where it is here. */
import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { openSandbox } from "../../src/sandbox/open.js";
import { goldenFolder } from "../oracle/golden.js";
import { whyNotLive } from "../oracle/live.js";
import { findOracle } from "../oracle/oracle.js";
import { GOLDEN_VERSIONS } from "../oracle/traces.js";
import { type Outcomes, outcomesOn } from "./misuse.js";
import { RealHeap, SandboxHeap } from "./puppet.js";

vi.setConfig({ testTimeout: 120_000 });

describe.each(GOLDEN_VERSIONS)("a program that breaks the rules under glibc %s", async (version) => {
  const golden = JSON.parse(readFileSync(new URL("misuse.json", goldenFolder(version)), "utf8")) as Outcomes;
  const reason = whyNotLive(await findOracle(version), version);

  it("ends in the model as it did in the real one", async () => {
    const make = async () => new SandboxHeap(await openSandbox("glibc", { version, check: true }));
    expect(await outcomesOn(make, () => {})).toEqual(golden);
  });

  it.skipIf(reason)("ends in the real one as was recorded", async () => {
    const make = async () => new RealHeap({}, version);
    expect(await outcomesOn(make, (heap) => heap.close())).toEqual(golden);
  });
});
