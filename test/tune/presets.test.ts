/** Programs of public reports, as tune has them. */
import { expect, it } from "vitest";
import { cinnabarTrace } from "../../src/experiments/cinnabar/trace.js";
import { cinnabarWorkload } from "../../src/experiments/cinnabar/workload.js";
import { patternPresets } from "../../src/experiments/pattern/presets.js";
import { collectTrace } from "../../src/trace/collect.js";
import { tunePresets } from "../../src/tune/presets.js";

const find = (name: string) => tunePresets.find((preset) => preset.name === name);

it("there is one for each pattern that has a name, and git-cinnabar's, each with what is known of it", () => {
  expect(tunePresets.map(({ name }) => name)).toEqual([
    ...patternPresets.map(({ name }) => name),
    "git-cinnabar",
  ]);
  expect(find("xearthlayer-threads")?.published).toBe(
    "resident when all are freed; its threads ran at once: glibc 191.5 MB; glibc:arenaMax=2 70.4 MB; glibc:mmapThreshold=1MiB 4.6 MB (samsoir/xearthlayer PR 242)",
  );
  expect(find("growing-buffers")?.published).toMatch(/^no figure that was published is known here/);
});

it("git-cinnabar's is the trace of run cinnabar, on pymalloc over each allocator", async () => {
  const preset = find("git-cinnabar");
  if (!preset) throw new Error("there is no such preset");
  const [one, other] = await Promise.all([
    collectTrace(preset.trace()),
    collectTrace(cinnabarTrace(cinnabarWorkload)),
  ]);
  expect(one.count).toBe(other.count);
  expect(Buffer.compare(one.records, other.records)).toBe(0);
  for (const allocator of preset.allocators?.split(",") ?? []) expect(allocator).toMatch(/^pymalloc\//);
  expect(preset.allocators).toBeDefined();
});
