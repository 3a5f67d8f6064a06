/**
 * `npm run kernel:fuzz -- --seed 0..99`: compares the machine's address space with the real kernel's on random scripts of
 * seeds that no test has, by hand.
 */
import { release } from "node:os";
import { parseArgs } from "node:util";
import { recordEvidence } from "../evidence/records.js";
import { seedsOf } from "../random.js";
import { askReal, randomScript } from "./address-space.js";
import { askKernel, zeroPageHere } from "./real-kernel.js";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "0..99" },
    steps: { type: "string", default: "120" },
    record: { type: "boolean", default: false },
  },
});

const seeds = seedsOf(values.seed);
const scripts = await Promise.all(
  seeds.map((seed) => randomScript(seed, Number(values.steps), zeroPageHere())),
);
const answers = askKernel("address-space", (program) =>
  scripts.map(({ script }) => askReal(program, script)),
);
if (typeof answers === "string") throw new Error(`the real kernel cannot be asked: ${answers}`);
const differing = seeds.filter((seed, i) => {
  const { script, lines } = scripts[i] as (typeof scripts)[number];
  const real = answers[i]?.lines ?? [];
  const at = lines.findIndex((line, step) => line !== real[step]);
  if (at < 0) return false;
  console.log(
    `seed ${seed}, step ${at}: ${script[at]?.join(" ")}\n  machine ${lines[at]}\n  kernel  ${real[at]}`,
  );
  return true;
});
if (values.record) {
  recordEvidence({
    ...{ subject: "linux kernel", against: `Linux ${release().split("-")[0]}`, count: seeds.length },
    ...{ inputs: `random scripts of the address space, seeds ${values.seed}`, differing: differing.length },
    operations: scripts.reduce((sum, { script }) => sum + script.length, 0),
  });
}
console.log(
  differing.length ? `these seeds differ: ${differing.join(" ")}` : `equal (${seeds.length} seeds)`,
);
process.exitCode = differing.length ? 1 : 0;
