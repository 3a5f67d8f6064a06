import type { CheckReport, Outcome } from "./check.js";

const MARKS: Record<Outcome["state"], string> = {
  pass: "pass",
  composed: "composed",
  fail: "FAIL",
  skip: "skipped",
  undecided: "undecided",
};

/** The outcome of every case as text. `file` is the module as `zeropage check` was given it. Ends in a newline. */
export function checklist(file: string, { outcomes }: CheckReport): string {
  const width = Math.max(...outcomes.map(({ state }) => MARKS[state].length));
  const lines = outcomes.flatMap((outcome) => [
    `${MARKS[outcome.state].padEnd(width)}  ${outcome.name}: ${outcome.promise}`,
    ...details(file, outcome).map((line) => `${" ".repeat(width)}    ${line}`),
  ]);
  return `${[...lines, "", summary(outcomes)].join("\n")}\n`;
}

function details(file: string, outcome: Outcome): string[] {
  if (outcome.state === "skip" || outcome.state === "undecided") return [outcome.reason];
  if (outcome.state !== "fail") return outcome.told === undefined ? [] : [outcome.told];
  return [
    outcome.seen,
    ...(outcome.calls.length > 0 ? [`after ${outcome.calls.join("; ")}`] : []),
    ...(outcome.issue ? [`a bug like ${outcome.issue}`] : []),
    `to repeat: zeropage check ${file} --case ${outcome.name}`,
  ];
}

function summary(outcomes: readonly Outcome[]): string {
  const count = (state: Outcome["state"]) => outcomes.filter((one) => one.state === state).length;
  const [composed, undecided] = [count("composed"), count("undecided")];
  const parts = [`${count("pass")} passed`, `${count("fail")} failed`, `${count("skip")} skipped`];
  if (composed > 0) parts.splice(1, 0, `${composed} passed with a composed function`);
  if (undecided > 0) parts.push(`${undecided} not decided`);
  return `${parts.join(", ")}.`;
}
