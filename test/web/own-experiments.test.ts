/** Experiments that run by themselves on the page: what the command line runs and prints if no flag is given. */
import { describe, expect, it } from "vitest";
import { parseAllocators } from "../../src/cli/allocators.js";
import { renderMarkdown } from "../../src/report/markdown.js";
import { machineOptions, models } from "../../src/sandbox/models.js";
import { askedOf, EXPERIMENTS, runOwn } from "../../src/web/own-experiments.js";
import { OWN_EXPERIMENTS, type OwnExperiment } from "../../src/web/protocol.js";
import { run } from "../cli/fakes.js";

const names = Object.keys(OWN_EXPERIMENTS) as OwnExperiment[];

describe.each(names)("%s", (name) => {
  const experiment = EXPERIMENTS[name];

  it("is the command of that name", () => {
    expect(experiment.command).toBe(`run ${name}`);
  });

  it("runs the allocators that the command line runs, with the same options", () => {
    const asked = askedOf(experiment);
    if (experiment.takes === "no allocators") return expect(asked.allocators).toEqual([]);
    const chosen = parseAllocators(experiment.allocators?.list, { models, machineOptions });
    expect(asked.allocators.map(({ run }) => run)).toEqual(
      chosen.map(({ model, options }) => ({ model, options })),
    );
    expect(experiment.jobs(asked).length).toBeGreaterThan(0);
  });
});

it.each(["sockets", "serve-file"] as const)("%s says what the command line says", async (name) => {
  const { sheet, svg } = await runOwn(name, () => {});
  const library = { models, machineOptions, ...EXPERIMENTS[name].functions };
  const { stdout } = await run(["run", name, "--markdown"], { library });
  expect(renderMarkdown(sheet)).toBe(stdout);
  expect(svg).toMatch(/^<svg /);
});

it("tells how many results there are already", async () => {
  const told: unknown[] = [];
  await runOwn("serve-file", (progress) => told.push(progress));
  expect(told).toEqual([0, 1, 2].map((done) => ({ done, total: 3 })));
});
