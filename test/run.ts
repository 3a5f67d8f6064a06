/**
 * The test command: runs vitest over Node and, where there is a Chromium, the browser, and ends
 * with one line that counts what vitest counted. Arguments go on to vitest: `npm test -- -t calloc`.
 */
import { setTimeout } from "node:timers/promises";
import { createVitest, parseCLI, type TestModule, type TestSuite, type Vitest } from "vitest/node";
import { findChromium } from "./chromium.js";

/** Below the 90 minutes CI has, so that a hang is told rather than cut off, and enough for a virtual machine on which a page fault takes 15 µs. */
const TIME_LIMIT_MINUTES = Number(process.env.TEST_MINUTES ?? 80);
/** For workers, browser and servers to go; what then hangs is left behind. */
const CLOSE_SECONDS = 20;

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** A test counts once. So does whatever stops tests from running, which would else pass in silence. */
function count(vitest: Vitest): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const modules = vitest.state.getTestModules();
  for (const module of modules) {
    tally.failed += brokenGroups(module);
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // A test still pending after the run was cut short: its worker or its browser died.
      tally[state === "pending" ? "failed" : state]++;
    }
  }
  tally.failed += vitest.state.getUnhandledErrors().length;
  return tally;
}

function neverEnded(module: TestModule): boolean {
  return module.state() === "pending" || module.state() === "queued";
}

/** Files that could not be loaded or never ended, and suites whose hooks failed. */
function brokenGroups(module: TestModule): number {
  const groups: (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
  return groups.filter((group) => group.errors().length > 0).length + (neverEnded(module) ? 1 : 0);
}

/** Names what is running when the time is up: no test's own limit can stop one that loops without ever yielding. */
async function timeLimit(vitest: Vitest): Promise<void> {
  await setTimeout(TIME_LIMIT_MINUTES * 60_000);
  const running = vitest.state.getTestModules().filter(neverEnded);
  console.error(`\nstill running after ${TIME_LIMIT_MINUTES} minutes, and so failed:`);
  for (const module of running) console.error(`  ${module.relativeModuleId} (${module.project.name})`);
  // Asked once, vitest waits for the loop to end; asked again, it kills the worker.
  void vitest.cancelCurrentRun("keyboard-input");
  void vitest.cancelCurrentRun("keyboard-input");
}

async function run(): Promise<Tally> {
  const { filter, options } = parseCLI(["vitest", "run", ...process.argv.slice(2)]);
  const vitest = await createVitest("test", options);
  try {
    await Promise.race([vitest.start(filter), timeLimit(vitest)]);
  } finally {
    await Promise.race([vitest.close(), setTimeout(CLOSE_SECONDS * 1_000)]);
  }
  const tally = count(vitest);
  if (tally.passed + tally.failed === 0) {
    console.error("no test ran");
    tally.failed++;
  }
  // Vitest found fault with something that is neither a test nor an error above.
  if (process.exitCode && tally.failed === 0) tally.failed++;
  return tally;
}

function finish(tally: Tally): void {
  if (!findChromium()) {
    console.log("no Chromium found: browser tests not run (install chromium or set CHROMIUM_PATH)");
    if (process.env.CI === "true") tally.failed++;
  }
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
  const line = `${tally.passed} passed, ${tally.failed} failed${skipped}\n`;
  // Exits by itself: what still hangs must not keep the command, nor print after the last line.
  process.stdout.write(line, () => process.exit(tally.failed > 0 ? 1 : 0));
}

finish(
  await run().catch((error): Tally => {
    console.error(error);
    return { passed: 0, failed: 1, skipped: 0 };
  }),
);
