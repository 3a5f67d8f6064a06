/** A program that needs every kind of file that the package has. Each bundler gets it as it is, and Node runs it too. */
import { openModel, openWasmAllocator, readTrace } from "zeropage";
import { checkModule, replayInJail } from "zeropage/foreign";

/**
 * What was counted: to the digit the same wherever it runs.
 * @param {URL | string} own Where an allocator of the user's lies.
 */
export async function run(own) {
  const open = () => readTrace(new TextEncoder().encode("c 0 1 100000\na 1 64\nf 0\n"));
  const results = [];
  for (const model of ["glibc", "pymalloc/naive"]) {
    for (const check of [false, true]) {
      const sandbox = await openModel(model, { check });
      await sandbox.replay(await open(), { touch: "object" });
      results.push(sandbox.counters());
    }
  }
  for (const source of [own, "heap"]) {
    const allocator = await openWasmAllocator(source, { meter: true });
    await allocator.replay(await open(), { verify: true });
    results.push(allocator.counters());
  }
  results.push((await checkModule(own, { cases: ["calloc-fresh"] })).outcomes);
  results.push((await replayInJail(own, await open())).operations);
  return JSON.stringify(results);
}
