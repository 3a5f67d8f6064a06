import type { CheckReport, Outcome } from "./check.js";

const MARKS: Record<Outcome["state"], string> = {
  pass: "pass",
  composed: "composed",
  fail: "FAIL",
  skip: "skipped",
};

/** What became of every case, for people. `file` is what `zeropage check` was given. Ends in a newline. */
export function checklist(file: string, { outcomes }: CheckReport): string {
  const width = Math.max(...outcomes.map(({ state }) => MARKS[state].length));
  const lines = outcomes.flatMap((outcome) => [
    `${MARKS[outcome.state].padEnd(width)}  ${outcome.name}: ${outcome.promise}`,
    ...details(file, outcome).map((line) => `${" ".repeat(width)}    ${line}`),
  ]);
  return `${[...lines, "", summary(outcomes)].join("\n")}\n`;
}

function details(file: string, outcome: Outcome): string[] {
  if (outcome.state === "skip") return [outcome.reason];
  if (outcome.state !== "fail") return [];
  return [
    outcome.seen,
    ...(outcome.calls.length > 0 ? [`after ${outcome.calls.join("; ")}`] : []),
    ...(outcome.issue ? [`as in ${outcome.issue}`] : []),
    `again: zeropage check ${file} --case ${outcome.name}`,
  ];
}

function summary(outcomes: readonly Outcome[]): string {
  const count = (state: Outcome["state"]) => outcomes.filter((one) => one.state === state).length;
  const composed = count("composed");
  const parts = [`${count("pass")} passed`, `${count("fail")} failed`, `${count("skip")} skipped`];
  if (composed > 0) parts.splice(1, 0, `${composed} passed by a function composed for it`);
  return `${parts.join(", ")}.`;
}
