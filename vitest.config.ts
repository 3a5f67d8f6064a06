import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { configDefaults, defineConfig, type TestProjectConfiguration } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { chromiumLaunchOptions, findChromium } from "./test/chromium.js";

// *.browser.test.ts runs in Chromium only, *.shared.test.ts in both, every other *.test.ts in Node only.
const BROWSER_ONLY = "test/**/*.browser.test.ts";
const SHARED = "test/**/*.shared.test.ts";

/**
 * Tests run the sources, so #read-module, which package.json sends to dist/, and #shared are the sources here too. A
 * Worker is on its own, and takes no aliases: #worker is in dist/, as built.
 */
const readModule = (host: "node" | "web") => ({
  resolve: {
    alias: {
      "#read-module": fileURLToPath(new URL(`src/base/read-module.${host}.ts`, import.meta.url)),
      "#shared": fileURLToPath(new URL("assembly/shared", import.meta.url)),
    },
  },
});

/** For a machine that is busy with other things: no test is about time. */
const testTimeout = 120_000;
/** How long `expect.poll` waits: a second, its default, is not enough for a page on such a machine. */
const poll = { timeout: 30_000 };

/**
 * Files that share a process load each module once: half the CPU time of the small ones. What a test puts in the place
 * of something else is taken away before the next one, in whichever file that is.
 */
const together = { isolate: false, restoreMocks: true, unstubEnvs: true };

/** Both projects use the modules it makes; the second to come finds them. */
const globalSetup = ["test/foreign/build-fixtures.ts"];

const node: TestProjectConfiguration = {
  ...readModule("node"),
  test: {
    name: "node",
    ...together,
    testTimeout,
    hookTimeout: testTimeout,
    expect: { poll },
    globalSetup,
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, BROWSER_ONLY],
  },
};

const browser = (executablePath: string): TestProjectConfiguration => ({
  ...readModule("web"),
  // Named here, for vite reloads the page, and so fails the tests, when it meets a package later on.
  optimizeDeps: { include: ["@assemblyscript/loader", "fast-check"] },
  test: {
    name: "browser",
    testTimeout,
    hookTimeout: testTimeout,
    expect: { poll },
    globalSetup,
    include: [BROWSER_ONLY, SHARED],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: chromiumLaunchOptions(executablePath) }),
      instances: [{ browser: "chromium" }],
    },
  },
});

/** What takes half a minute and more. Begun last, one of them would run alone. */
const LONG = [
  ...["foreign/check", "web/page", "glibc/oracle", "glibc/versions", "glibc/clears"],
  ...[
    "conformance/cases",
    "planted/planted",
    "cli/main",
    "cli/bench",
    "libmalloc/order",
    "pymalloc/oracle",
    "native/programs",
    "cli/golden",
    "web/view",
    "web/workbench",
    "machine/differential",
  ],
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((name) => moduleId.includes(`/${name}.`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const chromium = findChromium();

export default defineConfig({
  test: {
    // Vitest by itself leaves one core idle. A quarter of the time tests wait for processes and browsers.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongFirst },
    // Tests read modules as files, so a watching vitest does not see which of them a module concerns.
    forceRerunTriggers: [...configDefaults.forceRerunTriggers, "**/build/**/*.{wasm,a}"],
    projects: chromium ? [node, browser(chromium)] : [node],
  },
});
