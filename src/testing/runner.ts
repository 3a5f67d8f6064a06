/** The test runner that this program runs under: Vitest, Jest or one with its globals, or Node's own. */

/** Groups tests. */
export type Describe = (name: string, tests: () => void) => unknown;

/** Makes a test, with a limit in milliseconds. */
export type Test = (name: string, run: (...context: unknown[]) => Promise<void>, timeout: number) => unknown;

/** What a runner offers. Node's has no `expect`. */
export interface Runner {
  describe: Describe;
  test: Test;
  expect: {
    extend(matchers: Record<string, unknown>): void;
    addSnapshotSerializer(serializer: unknown): void;
  };
}

async function findRunner(): Promise<Partial<Runner>> {
  // Said by Vitest's workers, in Node and in browsers. Its globals are off by default.
  if ("__vitest_worker__" in globalThis) return (await import("vitest")) as unknown as Runner;
  if ("test" in globalThis && "describe" in globalThis) return globalThis as unknown as Partial<Runner>;
  if ("process" in globalThis) return (await import("node:test")) as unknown as Partial<Runner>;
  return {};
}

/** What is there of it. */
export const runner = await findRunner();
