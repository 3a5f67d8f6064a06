import { describe, expect, test } from "vitest";
import { parseAllocators } from "../../src/cli/allocators.js";
import type { Experiment } from "../../src/experiments/experiment.js";
import { onModules } from "../../src/experiments/on-modules.js";
import { experiments } from "../../src/experiments/registry.js";
import { machineOptions, models } from "../../src/sandbox/models.js";
import { run } from "../cli/fakes.js";

const each = experiments.map((experiment): [string, Experiment] => [experiment.command, experiment]);

test("no two experiments are one command", () => {
  expect(new Set(experiments.map(({ command }) => command)).size).toBe(experiments.length);
});

describe.each(each)("%s", (command, { allocators, description, flags, functions, takes }) => {
  test("takes modules if, and only if, all it runs can run on them", () => {
    const running = Object.keys(functions).map((name) => name in onModules);
    expect(running).toEqual(running.map(() => takes === "models and modules"));
  });

  test("can read what its flags are by default", () => {
    for (const [name, { parse, default: text }] of Object.entries(flags)) {
      expect(() => parse(text, `--${name}`)).not.toThrow();
    }
  });

  test("names allocators that there are, or takes none", async () => {
    if (takes === "no allocators") {
      expect(allocators).toBeUndefined();
      expect((await run([...command.split(" "), "--help"])).stdout).not.toMatch(
        /--allocator|--costs|--check/,
      );
      return;
    }
    const chosen = parseAllocators(allocators?.list, { models, machineOptions });
    expect(chosen.length).toBeGreaterThan(0);
  });

  test("has help, which says what it is", async () => {
    const { code, stdout } = await run([...command.split(" "), "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: zeropage ${command} [options]`);
    expect(stdout.replace(/\s+/g, " ")).toContain(description);
  });
});
