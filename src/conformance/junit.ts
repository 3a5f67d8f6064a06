import type { Outcome } from "./check.js";

/** Outcomes as JUnit XML, for continuous integration. Without times, which would differ from run to run. */
export function junitXml(suite: string, outcomes: readonly Outcome[]): string {
  const count = (state: Outcome["state"]) => outcomes.filter((one) => one.state === state).length;
  const skipped = count("skip") + count("undecided");
  const counts = `tests="${outcomes.length}" failures="${count("fail")}" skipped="${skipped}"`;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${escaped(suite)}" ${counts}>`,
    ...outcomes.map((outcome) => testCase(suite, outcome)),
    "</testsuite>",
  ];
  return `${lines.join("\n")}\n`;
}

function testCase(suite: string, outcome: Outcome): string {
  const open = `  <testcase classname="${escaped(suite)}" name="${escaped(`${outcome.name}: ${outcome.promise}`)}"`;
  if (outcome.state === "fail") {
    const calls = escaped(outcome.calls.join("\n"));
    return `${open}><failure message="${escaped(outcome.seen)}">${calls}</failure></testcase>`;
  }
  if (outcome.state === "skip" || outcome.state === "undecided")
    return `${open}><skipped message="${escaped(outcome.reason)}"/></testcase>`;
  return `${open}/>`;
}

/** Escapes text for XML. A character that XML 1.0 does not allow becomes a question mark. */
function escaped(text: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  const isAllowed = (char: string) => char >= " " || char === "\t" || char === "\n" || char === "\r";
  return [...text].map((char) => (isAllowed(char) ? (names[char] ?? char) : "?")).join("");
}
