/**
 * What the newest Node makes of each proposal. `npm run proposals` fetches it, and records that in test/golden/proposals.json;
 * the guide's table says the same.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ModuleError, openWasmAllocator } from "../../src/index.js";
import { PROPOSALS } from "../../src/wasm/proposals.js";
import { LOWERED, METERED, REFUSED } from "./proposal-modules.js";

const GOLDEN = new URL("../golden/proposals.json", import.meta.url);
const GUIDE = new URL("../../src/foreign/modules-as-they-are.md", import.meta.url);

interface Tried {
  node: string;
  v8: string;
  proposals: Record<string, string>;
}

/** What becomes of a module that uses a proposal, opened with a meter. */
async function outcomeOf(name: string): Promise<string> {
  const wasm = METERED[name]?.() ?? REFUSED[name]?.[0]();
  if (!wasm) return "named only";
  const isThere = WebAssembly.validate(wasm as BufferSource);
  if (!isThere && name !== LOWERED) return "not there";
  try {
    const { instance } = await openWasmAllocator(wasm, { meter: true, memoryBytes: 2 ** 24 });
    const gives = (instance.exports.run as () => unknown)();
    return gives === 7 ? "runs, metered" : `gives ${gives}`;
  } catch (error) {
    return error instanceof ModuleError && error.message.includes(name.split(" ").at(-1) as string)
      ? "refused by name"
      : String(error);
  }
}

describe("on the newest Node", () => {
  it.runIf(process.env.RECORD_PROPOSALS)("what becomes of each proposal is recorded", async () => {
    const proposals: Record<string, string> = {};
    for (const { name } of PROPOSALS) proposals[name] = await outcomeOf(name);
    const { node, v8 } = process.versions;
    writeFileSync(GOLDEN, `${JSON.stringify({ node, v8, proposals }, null, 2)}\n`);
  });

  it("what is metered runs, and the rest is refused by name", () => {
    const { proposals } = JSON.parse(readFileSync(GOLDEN, "utf8")) as Tried;
    expect(Object.keys(proposals)).toEqual(PROPOSALS.map(({ name }) => name));
    for (const { name, support } of PROPOSALS) {
      const expected = support === "metered" ? ["runs, metered"] : ["refused by name", "named only"];
      expect(expected, name).toContain(proposals[name]);
    }
  });

  it("is what the guide says", () => {
    const { node, proposals } = JSON.parse(readFileSync(GOLDEN, "utf8")) as Tried;
    const rows = readFileSync(GUIDE, "utf8").matchAll(/^\| ([^|]+) \| [^|]+ \| [^|]*\| ([^|]+) \|$/gm);
    const said = new Map<string, string>();
    for (const [, names = "", what = ""] of rows)
      for (const name of [names, ...names.split(", ")]) said.set(name, what);
    const [major] = node.split(".");
    expect(said.get("proposal")).toBe(`on Node ${major}`);
    for (const [name, what] of Object.entries(proposals)) expect(said.get(name), name).toBe(what);
  });
});
