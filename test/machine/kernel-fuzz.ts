/**
 * `npm run kernel:fuzz -- --seed 0..99`: compares the machine with the real kernel on random scripts of seeds that no test
 * has, by hand: of the address space, of processes, of huge pages, of processes that share them, of files, and of where mappings
 * are placed and what is refused. `--of processes,huge` takes some of these.
 */
import { release } from "node:os";
import { parseArgs } from "node:util";
import type { HugePagesKind } from "../../src/allocator/machine.js";
import { recordEvidence } from "../evidence/records.js";
import { seedsOf } from "../random.js";
import * as addressSpace from "./address-space.js";
import * as files from "./file-scripts.js";
import * as huge from "./huge.js";
import * as hugeProcesses from "./huge-processes.js";
import * as placement from "./placement.js";
import * as processes from "./processes.js";
import { askKernel, settled, whyNotToday, zeroPageHere } from "./real-kernel.js";

/** What differs on a seed, in words, or null; and how many calls that were. */
type Outcome = { difference: string | null; operations: number };

interface Kind {
  /** What the scripts are of, for the records. */
  what: string;
  program: string;
  /** How the program is compiled. */
  flags?: readonly string[];
  /** Why the kernel here does not answer as the one that is simulated; null if it does. */
  whyOther?(program: string): string | null;
  /** Does the script on the simulated kernel. Returns what compares it with a program's answers. */
  simulate(seed: number, steps: number): Promise<(program: string) => Outcome>;
}

function firstDifference(
  script: readonly (readonly unknown[])[],
  machine: readonly string[],
  kernel: readonly string[],
): Outcome {
  const at = machine.findIndex((line, step) => line !== kernel[step]);
  const difference = `step ${at}: ${script[at]?.join(" ")}\n  machine ${machine[at]}\n  kernel  ${kernel[at]}`;
  return { difference: at < 0 ? null : difference, operations: script.length };
}

const ofProcesses =
  (random: typeof processes.randomScript, hugePages?: HugePagesKind): Kind["simulate"] =>
  async (seed, steps) => {
    // What a split frees is on the zero page, also where the kernel maps none for reads.
    const { script, lines } = await random(seed, steps, hugePages ? "shared" : zeroPageHere());
    return (program) => firstDifference(script, lines, processes.askReal(program, script, hugePages, 1));
  };

/** A kind each, as each is another program. */
const ofPlacement = (program: placement.Program): Kind => ({
  ...{ what: `placement and limits, ${placement.nameOf(program)}`, program: "placement" },
  flags: placement.LINKED[program.image],
  whyOther: whyNotToday,
  async simulate(seed, steps) {
    const script = placement.randomScript(program, seed, steps);
    const lines = await placement.simulated(program, script);
    return (path) => firstDifference(script, lines, placement.askReal(path, program, script));
  },
});

const KINDS: Record<string, Kind> = {
  "address-space": {
    ...{ what: "the address space", program: "address-space" },
    async simulate(seed, steps) {
      const { script, lines } = await addressSpace.randomScript(seed, steps, zeroPageHere());
      return (program) => firstDifference(script, lines, addressSpace.askReal(program, script).lines);
    },
  },
  processes: {
    ...{ what: "processes", program: "processes", simulate: ofProcesses(processes.randomScript) },
  },
  huge: {
    ...{ what: "huge pages", program: "huge" },
    async simulate(seed, steps) {
      const simulated = await huge.randomScript(seed, steps);
      return (program) => ({
        difference: huge.differenceIn(program, simulated),
        operations: simulated.script.length,
      });
    },
  },
  "huge-processes": {
    what: "processes with huge pages",
    program: "processes",
    simulate: ofProcesses(hugeProcesses.randomScript, "madvise"),
  },
  files: {
    ...{ what: "files", program: "processes", whyOther: files.otherWindow },
    simulate: ofProcesses(files.randomScript),
  },
  ...Object.fromEntries(
    placement.PROGRAMS.map((program) => [placement.nameOf(program), ofPlacement(program)]),
  ),
};

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "0..99" },
    steps: { type: "string", default: "120" },
    of: { type: "string", default: Object.keys(KINDS).join(",") },
    record: { type: "boolean", default: false },
  },
});

const seeds = seedsOf(values.seed);

/** Compares scripts of a kind. Returns how many differ. */
async function fuzz({ what, program, flags, whyOther, simulate }: Kind): Promise<number> {
  const asks = await Promise.all(seeds.map((seed) => simulate(seed, Number(values.steps))));
  const askAll = (path: string) =>
    whyOther?.(path) ??
    asks.map((ask) =>
      settled(
        () => ask(path),
        ({ difference }) => difference === null,
      ),
    );
  const outcomes = askKernel(program, askAll, flags);
  if (typeof outcomes === "string") throw new Error(`the real kernel cannot be asked: ${outcomes}`);
  for (const [i, { difference }] of outcomes.entries())
    if (difference) console.log(`seed ${seeds[i]}, ${difference}`);
  const operations = outcomes.reduce((sum, outcome) => sum + outcome.operations, 0);
  const differing = seeds.filter((_, i) => outcomes[i]?.difference);
  if (values.record) {
    recordEvidence({
      ...{ subject: "linux kernel", against: `Linux ${release().split("-")[0]}`, count: seeds.length },
      ...{ inputs: `random scripts of ${what}, seeds ${values.seed}`, differing: differing.length },
      operations,
    });
  }
  const found = differing.length ? `these seeds differ: ${differing.join(" ")}` : "equal";
  console.log(`${what}: ${found} (${seeds.length} seeds, ${operations} calls)`);
  return differing.length;
}

let differing = 0;
for (const name of values.of.split(",")) {
  const kind = KINDS[name];
  if (kind === undefined)
    throw new Error(`there are scripts of ${Object.keys(KINDS).join(", ")}; got ${name}`);
  differing += await fuzz(kind);
}
process.exitCode = differing ? 1 : 0;
