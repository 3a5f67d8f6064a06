/** No experiment has a result of an allocator whose calloc lies: one that gives nothing, or what is not zero. */
import { afterAll, expect, it, vi } from "vitest";
import { isModule } from "../../src/allocator/choice.js";
import { macos2016 } from "../../src/costs/macos-2016.js";
import type { Asked, Experiment } from "../../src/experiments/experiment.js";
import type { Sandbox } from "../../src/sandbox/sandbox.js";

vi.mock("../../src/sandbox/open.js", async (original) => {
  const real = await original<typeof import("../../src/sandbox/open.js")>();
  return {
    ...real,
    openModel: async (model: string, options: Record<string, never>) => {
      const sandbox = await real.openModel(model === "dirty" ? "glibc" : model, options);
      return model === "dirty" ? dirty(sandbox) : sandbox;
    },
  };
});

// Modules that files before this one loaded know nothing of it, and those after it are to know nothing.
vi.resetModules();
const { experiments } = await import("../../src/experiments/registry.js");
afterAll(() => {
  vi.doUnmock("../../src/sandbox/open.js");
  vi.resetModules();
});

/** A sandbox whose calloc leaves a byte in its block. */
function dirty(sandbox: Sandbox): Sandbox {
  const calloc = (count: number, size: number) => {
    const pointer = sandbox.calloc(count, size);
    if (pointer) sandbox.store(pointer + count * size - 1, 1);
    return pointer;
  };
  return new Proxy(sandbox, {
    get(target, name) {
      if (name === "calloc") return calloc;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** What is asked for beside the defaults, so that it takes no time. */
const SMALL: Record<string, Record<string, string>> = {
  "run calloc-loop": { size: "1MiB", count: "10" },
  "run iter-content": { size: "1MiB", body: "64KiB" },
  "run calloc-fixes": { size: "1MiB" },
  "run idle-zeroing": { size: "1MiB", count: "10" },
  "run pattern": { by: "calloc", rounds: "1" },
  cliffs: { from: "1MiB", to: "2MiB" },
};

/** Those that run allocators, and so may be lied to. */
const askingAllocators = experiments.filter(({ takes }) => takes !== "no allocators");

/** Those whose programs call no calloc. */
const WITHOUT_CALLOC = ["run cinnabar", "run fork", "run huge", "run luajit", "run serve-file"];
/** Those that do things in several ways, of which some ask for no memory, or not by calloc: these have nothing to lie about. */
const IN_WAYS = ["run iter-content", "run serve-file"];

/** Runs all jobs of an experiment. Returns what became of each. */
async function runAll({ command, flags, functions, jobs }: Experiment, model: string, options = {}) {
  const own = Object.entries(flags).map(([name, { parse, default: preset }]) => {
    return [name, parse(SMALL[command]?.[name] ?? preset, `--${name}`)];
  });
  const run = { model, options, costs: macos2016 };
  const asked: Asked = { flags: Object.fromEntries(own), allocators: [{ label: model, run }], functions };
  return Promise.allSettled(jobs(asked).map(({ run }) => run(() => {})));
}

/** What each threw; none may have had a result. */
const reasons = (outcomes: PromiseSettledResult<unknown>[]) =>
  outcomes.map((outcome) =>
    outcome.status === "rejected" ? `${outcome.reason.name}: ${outcome.reason.message}` : "a result",
  );

/** Those of ways that ask an allocator. */
function asking(command: string, seen: string[]): string[] {
  return IN_WAYS.includes(command) ? seen.filter((one) => one !== "a result") : seen;
}

const SHORT = /^OutOfMemory: /;
const DIRTY = /^(ModuleTrap|SandboxError): .*not zero at offset/;

it.each(askingAllocators.map((experiment) => [experiment.command, experiment] as const))(
  "%s has no result where there is no memory",
  async (command, experiment) => {
    const seen = asking(command, reasons(await runAll(experiment, "naive", { addressSpace: 2 ** 16 })));
    expect(seen.length).toBeGreaterThan(0);
    for (const reason of seen) expect(reason).toMatch(SHORT);
  },
);

it.each(
  askingAllocators
    .filter(({ command }) => !WITHOUT_CALLOC.includes(command))
    .map((experiment) => [experiment.command, experiment] as const),
)("%s has no result of a calloc that is not zero", async (command, experiment) => {
  const file = new URL("../foreign/built/dirty.wasm", import.meta.url).pathname;
  const model = experiment.takes === "models" ? "dirty" : file;
  expect(isModule(model)).toBe(experiment.takes !== "models");
  const seen = asking(command, reasons(await runAll(experiment, model)));
  expect(seen.length).toBeGreaterThan(0);
  for (const reason of seen) expect(reason).toMatch(DIRTY);
});
