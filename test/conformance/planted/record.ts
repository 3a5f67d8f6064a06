/**
 * Finds out which cases find which planted bug, and writes it into golden/planted.json: `npm run planted`. Of each bug the
 * first case that finds it; then of each case that is not among those the first bug that it finds. `-- --all` tries every
 * case on every bug, and tells more.
 */
import { writeFileSync } from "node:fs";
import { conformanceCases } from "../../../src/conformance.js";
import { checkModule } from "../../../src/foreign.js";
import { locateFiles } from "../../../src/index.js";
import { allocators } from "./allocators.js";
import { plant } from "./plant.js";

// These are the sources. The Worker is there only as built.
locateFiles((name) =>
  name === "worker.js" ? new URL("../../../dist/jail/jail-worker.js", import.meta.url) : undefined,
);

const isWhole = process.argv.includes("--all");
const names = conformanceCases.map(({ name }) => name);

/** In jail, for some bugs hang. */
async function isFound(wasm: Uint8Array, name: string): Promise<boolean> {
  const { passed } = await checkModule(wasm, { cases: [name], seconds: 60 });
  return !passed;
}

const planted = await Promise.all(
  Object.entries(allocators).map(async ([allocator, { bugs, ...rest }]) => {
    const make = await plant({ bugs, ...rest });
    return bugs.map(([what], index) => ({ allocator, what, wasm: make(index), found: [] as string[] }));
  }),
);
const all = planted.flat();
for (const bug of all) {
  for (const name of names) {
    if (await isFound(bug.wasm, name)) bug.found.push(name);
    if (bug.found.length > 0 && !isWhole) break;
  }
  console.log(`${bug.allocator}: ${bug.what}: ${bug.found.join(" ") || "NOT FOUND"}`);
}
for (const name of names) {
  for (const bug of all) {
    if (isWhole || all.some(({ found }) => found.includes(name))) break;
    if (await isFound(bug.wasm, name)) bug.found.push(name);
  }
  if (!all.some(({ found }) => found.includes(name))) console.log(`${name} finds nothing`);
}
const table: Record<string, Record<string, string[]>> = {};
for (const { allocator, what, found } of all) table[allocator] = { ...table[allocator], [what]: found };
writeFileSync(new URL("../../golden/planted.json", import.meta.url), `${JSON.stringify(table, null, 2)}\n`);
