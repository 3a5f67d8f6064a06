/** What the command line loads before it knows which command it is: `npm start` and every other pays for it. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
/** Bytes as they are built, of some 320,000; the rest is as much again. */
const MOST = 340_000;

/** The files that one loads, and those that they load, but for what is imported when it is needed. */
function loadedBy(file: string, found = new Map<string, string>()): Map<string, string> {
  if (found.has(file)) return found;
  const code = readFileSync(join(DIST, file), "utf8");
  found.set(file, code);
  for (const [, path = ""] of code.matchAll(
    /(?:^|[;}\s])(?:import|export)\b[^"'()]*?["'](\.[^"']+\.js)["']/g,
  ))
    loadedBy(join(dirname(file), path), found);
  return found;
}

it("is little: each command's own code is loaded once it is run", () => {
  const loaded = loadedBy("cli/main.js");
  const bytes = [...loaded.values()].reduce((sum, code) => sum + code.length, 0);
  expect(loaded.size).toBeGreaterThan(20);
  expect(bytes).toBeLessThan(MOST);
});
