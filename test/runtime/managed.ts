/**
 * `npm run heap:managed [-- --minutes 3 --seed 1]`: a program that makes objects (steady.ts), on each of our runtimes in turn
 * for so many minutes, with a heap that stays as it was.
 */
import { parseArgs } from "node:util";
import { OURS } from "./compile.js";
import { Steady } from "./steady.js";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "3" }, seed: { type: "string", default: "1" } },
});

const KIB = 1024;
const milliseconds = Number(values.minutes) * 60_000;
for (const runtime of OURS) {
  const steady = await Steady.open(runtime, Number(values.seed));
  const start = performance.now();
  while (performance.now() - start < milliseconds) steady.round();
  const memory = `${steady.warmBytes / KIB} KiB of memory when warm, ${steady.memoryBytes / KIB} in the end`;
  console.log(
    `${runtime}: seed ${values.seed}, ${steady.rounds} rounds, ${steady.steps} steps; ${memory}, ${steady.liveBytes} bytes live after each`,
  );
}
