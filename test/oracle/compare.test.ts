/** That the comparison tells what differs, and runs again what the kernel may have done of its own accord. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { compareAll } from "./compare.js";
import { whyNotLive } from "./live.js";
import { findOracle, type Oracle, type OracleRun } from "./oracle.js";
import { textTrace } from "./text-trace.js";

const found = await findOracle();
const reason = whyNotLive(found);

/** Two blocks, one mapped; what is freed is handed out again. */
const records = await textTrace("c 0 1 5000\na 1 300000\nr 1 400000\nw 0 10 20\nf 0\nf 1\na 0 4000");

/** The oracle, whose first `times` answers are changed. */
function changing(times: number, change: (run: OracleRun) => void): Oracle {
  const { oracle } = found as { oracle: Oracle };
  let left = times;
  const run: Oracle["run"] = async (jobs) => {
    const runs = await oracle.run(jobs);
    if (jobs.length > 0 && left-- > 0) change(runs[0] as OracleRun);
    return runs;
  };
  return { glibc: oracle.glibc, packageVersion: oracle.packageVersion, run };
}

async function differenceWith(oracle: Oracle): Promise<string | undefined> {
  const [difference] = await compareAll(oracle, [{ records, touches: ["object"], interval: 1 }]);
  return difference?.text;
}

const anotherFault = ({ checkpoints }: OracleRun) => {
  for (const point of checkpoints.slice(2)) point.faults++;
};

afterEach(() => vi.restoreAllMocks());

describe.skipIf(reason)("a comparison", () => {
  it("finds no difference where there is none", async () => {
    expect(await differenceWith(changing(0, anotherFault))).toBeUndefined();
  });

  it("runs again what differs, and says so if it then does not", async () => {
    const said = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await differenceWith(changing(1, anotherFault))).toBeUndefined();
    expect(said.mock.calls.flat().join()).toMatch(/^differed once, and not when it ran again:\n.*faults/s);
  });

  it("tells what differs again", async () => {
    expect(await differenceWith(changing(2, anotherFault))).toContain(
      "after operation 2: r 1 400000\n  faults",
    );
  });

  it.each<[string, (run: OracleRun) => void, string]>([
    [
      "a block before it is freed",
      ({ digests }) => digests?.before.fill(1n, 4, 5),
      "operation 4: f 0: the block as it was",
    ],
    [
      "a block that is handed out",
      ({ digests }) => digests?.after.fill(1n, 0, 1),
      "c 0 1 5000: the block that it gave",
    ],
    ["a block at the end", ({ digests }) => digests?.held.fill(1n, 0, 1), "at the end: the block of slot 0"],
    ["the heap", (run) => Object.assign(run.digests ?? {}, { heap: 1n }), "at the end: the heap"],
    ["the length of a system call", ({ calls }) => calls.at(-1)?.arguments.fill(1n, 1, 2), "1 bytes): done"],
  ])("sees other bytes or calls: %s", async (_, change, told) => {
    expect(await differenceWith(changing(2, change))).toContain(told);
  });
});
