/**
 * `npm run machine:fuzz -- --seed 0..99`: compares the machine with the reference on seeds that no test has, by hand.
 * Each seed runs under one kernel, page size and limits, which follow from it, on the release and the check build.
 */
import { parseArgs } from "node:util";
import { recordEvidence } from "../evidence/records.js";
import { seedsOf } from "../random.js";
import { compare, KERNELS, LIMITS, optionsOf, PAGE_BYTES } from "./compare.js";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "0..99" },
    operations: { type: "string", default: "3000" },
    record: { type: "boolean", default: false },
  },
});

const SETTINGS = KERNELS.flatMap((kernel) =>
  PAGE_BYTES.flatMap((pageBytes) => LIMITS.map((limits) => optionsOf(kernel, pageBytes, limits))),
);

/** Runs a seed. Returns whether the machine did what the reference did. */
async function isEqual(seed: number): Promise<boolean> {
  const options = SETTINGS[seed % SETTINGS.length] as (typeof SETTINGS)[number];
  try {
    for (const check of [false, true]) await compare(options, check, seed, Number(values.operations));
    return true;
  } catch (error) {
    console.log(`seed ${seed} differs:\n${error instanceof Error ? error.message : error}`);
    return false;
  }
}

const seeds = seedsOf(values.seed);
const differing: number[] = [];
for (const seed of seeds) {
  if (!(await isEqual(seed))) differing.push(seed);
  else if (seed % 10 === 9) console.log(`seeds up to ${seed}: ${differing.length} differ`);
}
if (values.record) {
  recordEvidence({
    ...{ subject: "machine", against: "a second, deliberately naive machine in TypeScript" },
    ...{ inputs: `random programs, seeds ${values.seed}`, count: seeds.length },
    ...{ operations: seeds.length * Number(values.operations), differing: differing.length },
  });
}
console.log(
  differing.length ? `these seeds differ: ${differing.join(" ")}` : `equal (${seeds.length} seeds)`,
);
process.exitCode = differing.length ? 1 : 0;
