/** What tests said of a mutant. */

export type Outcome = { state: "survived" } | { state: "killed"; by: string };

/** As vitest's JSON reporter writes it. */
export interface Report {
  success: boolean;
  numPassedTests: number;
  testResults: {
    message: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

/** No test can end what never yields: the command does. */
export const hung = (limitMs: number): Outcome => ({
  state: "killed",
  by: `the time limit of ${Math.round(limitMs / 1000)} s: it hangs`,
});

export const crashed: Outcome = { state: "killed", by: "a crash of the tests" };

/** @throws {Error} when no test ran */
export function outcomeOf({ success, numPassedTests, testResults }: Report): Outcome {
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === "failed");
  if (failed) return { state: "killed", by: failed.fullName.trim() };
  // A file that fails before its first test: it opens a sandbox on its own.
  const file = testResults.find(({ message }) => message);
  if (file) return { state: "killed", by: file.message };
  if (!success) return crashed;
  if (numPassedTests === 0) throw new Error("no test ran");
  return { state: "survived" };
}
