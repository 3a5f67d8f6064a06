/**
 * `npm run mutations -- --area glibc --only 3..5 --jobs 2`: plants one small bug after the other in a copy of the
 * tree, and expects a test to fail for each. Ends with how many were killed; a survivor that is not explained is
 * a failure. See README.md.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { AREAS, staleIn } from "./areas.js";
import { Copy } from "./copy.js";
import { type Area, chooseAreas, chooseNumbers, type Mutant } from "./mutants.js";
import type { Outcome } from "./outcome.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A mutant has this many times what the tests take without one, and so long besides. */
const PATIENCE = { times: 5, ms: 60_000 };
/** Without mutants. */
const LIMIT_MS = 600_000;

const copies = new Set<Copy>();

function open(area: Area): Copy {
  const copy = new Copy(ROOT, area);
  copies.add(copy);
  return copy;
}

function close(copy: Copy): void {
  copy.remove();
  copies.delete(copy);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const copy of copies) copy.remove();
    process.exit(130);
  });
}

/** Runs the area's tests without a mutant. Returns how long one with a mutant may take, in milliseconds. */
async function rehearse(area: Area): Promise<number> {
  const copy = open(area);
  try {
    await copy.build();
    const began = Date.now();
    const outcome = await copy.test(LIMIT_MS);
    if (outcome.state === "killed") throw new Error(`${area.name} fails without a mutant: ${outcome.by}`);
    return PATIENCE.times * (Date.now() - began) + PATIENCE.ms;
  } finally {
    close(copy);
  }
}

/** Takes the mutants of an area one after the other, in so many copies at once; tells outcomes in their order. */
async function runArea(area: Area, numbers: readonly number[], jobs: number, tell: Tell): Promise<void> {
  console.error(`${area.name}: tests without a mutant`);
  const limitMs = await rehearse(area);
  const queue = [...numbers];
  const outcomes = new Map<number, Outcome>();
  const told = [...numbers];
  const work = async () => {
    const copy = open(area);
    try {
      for (let number = queue.shift(); number !== undefined; number = queue.shift()) {
        console.error(`${area.name}: ${number} of ${area.mutants.length}`);
        outcomes.set(number, await copy.try(area.mutants[number - 1] as Mutant, limitMs));
        for (let next = told[0]; next !== undefined && outcomes.has(next); next = told[0]) {
          tell(area, next, outcomes.get(next) as Outcome);
          told.shift();
        }
      }
    } finally {
      close(copy);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, numbers.length) }, work));
}

type Tell = (area: Area, number: number, outcome: Outcome) => void;

/** Writes a line for each outcome, and counts. */
class Tally {
  killed = 0;
  survived = 0;
  /** Survivors without an explanation, and mutants that are killed though they were said to change nothing. */
  wrong = 0;

  tell: Tell = ({ name, mutants }, number, outcome) => {
    const { file, breaks, equivalent } = mutants[number - 1] as Mutant;
    const survived = outcome.state === "survived";
    this[outcome.state]++;
    if (survived === (equivalent === undefined)) this.wrong++;
    const end = survived ? `SURVIVED${equivalent ? `: ${equivalent}` : ""}` : `killed by ${outcome.by}`;
    console.log(`${name} ${number} (${file}: ${breaks}) ${end}`);
  };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { area: { type: "string" }, only: { type: "string" }, jobs: { type: "string", default: "1" } },
  });
  const areas = chooseAreas(AREAS, values.area);
  if (values.only !== undefined && areas.length > 1) throw new Error("--only needs --area");
  const stale = staleIn(ROOT, areas);
  if (stale.length) throw new Error(stale.join("\n"));
  const tally = new Tally();
  for (const area of areas)
    await runArea(area, chooseNumbers(values.only, area.mutants.length), Number(values.jobs), tally.tell);
  console.log(`${tally.killed} killed, ${tally.survived} survived`);
  return tally.wrong ? 1 : 0;
}

process.exitCode = await main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
