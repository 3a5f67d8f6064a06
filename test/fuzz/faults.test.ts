/** Memory that ends at one frame, or one growth, after another: a small part of what `npm run fuzz -- frames` and `host` do. */
import { expect, it } from "vitest";
import { generateTrace, openSandbox, workloadPresets } from "../../src/index.js";
import { TraceEncoder } from "../../src/trace/encode.js";
import { frameFaults, hostFaults } from "./faults.js";
import { hostileTrace } from "./traces.js";

it.each(["glibc", "libmalloc", "naive"])("frames end, and %s is sound or has ended", async (model) => {
  const { runs, kept, ended } = await frameFaults(model, 1);
  expect(runs).toBeGreaterThan(15);
  expect(kept + ended).toBeGreaterThan(10);
});

it.each(["glibc", "lazy"])("the host's memory ends, and %s is sound or has ended", async (model) => {
  const { runs, kept, ended } = await hostFaults(model, 1);
  expect(runs).toBeGreaterThan(5);
  expect(kept + ended).toBeGreaterThan(5);
});

it("hostile traces are read to their end, or refused", async () => {
  let operations = 0;
  for (let seed = 0; seed < 150; seed++) operations += (await hostileTrace(seed)).operations;
  expect(operations).toBeGreaterThan(1000);
});

it("two traces at once are refused, and a round in the middle of one", async () => {
  const sandbox = await openSandbox("naive");
  const [{ workload }] = workloadPresets as [(typeof workloadPresets)[number]];
  const trace = () => generateTrace({ ...workload, ops: 20_000 });
  const none = new TraceEncoder().take();
  const again = () => expect(() => sandbox.repeat(none, 1)).toThrow("a trace is being replayed here");
  const first = sandbox.replay(trace(), { onProgress: again });
  await expect(sandbox.replay(trace())).rejects.toThrow("a trace is being replayed here");
  expect((await first).operations).toBe(20_000);
  expect((await sandbox.replay(trace())).operations).toBe(20_000);
});
