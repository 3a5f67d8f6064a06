/** Which cases find which planted bug: every case on every bug. `npm run planted` writes it anew, into golden/planted.json. */
import { writeFileSync } from "node:fs";
import { conformanceCases } from "../../../src/conformance.js";
import { allocators, failureOf } from "./allocators.js";
import { plant } from "./plant.js";

const found: Record<string, Record<string, string[]>> = {};
for (const [name, planted] of Object.entries(allocators)) {
  const make = await plant(planted);
  const table: Record<string, string[]> = {};
  for (const [index, [what]] of [["no bug"], ...planted.bugs].entries()) {
    const killers: string[] = [];
    for (const one of conformanceCases)
      if (await failureOf(make(index - 1), one.name)) killers.push(one.name);
    table[what as string] = killers;
    console.log(
      `${name}: ${what}: ${killers.length === 0 ? (index === 0 ? "passes" : "NOT FOUND") : killers.join(" ")}`,
    );
  }
  found[name] = table;
}
writeFileSync(new URL("../../golden/planted.json", import.meta.url), `${JSON.stringify(found, null, 2)}\n`);
