import type { CheckReport, Outcome } from "./check.js";

const MARKS: Record<Outcome["state"], string> = {
  pass: "pass",
  composed: "composed",
  fail: "FAIL",
  skip: "skipped",
  undecided: "undecided",
};

/** How a check is told, as text. */
export interface ChecklistOptions {
  /** The module as `zeropage check` was given it. */
  file: string;
  /** Only failures, and how many cases passed. */
  quiet?: boolean;
}

/** The outcome of every case as text, failures first. Failures of one cause are told once. Ends in a newline. */
export function checklist({ outcomes }: CheckReport, { file, quiet = false }: ChecklistOptions): string {
  const failed = outcomes.filter(({ state }) => state === "fail");
  const causes = failed.filter((one) => becauseOf(one) === undefined);
  const others = quiet ? [] : outcomes.filter(({ state }) => state !== "fail");
  const width = Math.max(0, ...[...failed, ...others].map(({ state }) => MARKS[state].length));
  const lines = [...causes, ...others].flatMap((outcome) => [
    `${MARKS[outcome.state].padEnd(width)}  ${outcome.name}: ${outcome.promise}`,
    ...details(file, outcome, failed).map((line) => `${" ".repeat(width)}    ${line}`),
  ]);
  return `${[...lines, ...(lines.length > 0 ? [""] : []), summary(outcomes)].join("\n")}\n`;
}

const becauseOf = (outcome: Outcome) => (outcome.state === "fail" ? outcome.because : undefined);

function details(file: string, outcome: Outcome, failed: readonly Outcome[]): string[] {
  if (outcome.state === "skip" || outcome.state === "undecided") return [outcome.reason];
  if (outcome.state !== "fail") return outcome.told === undefined ? [] : [outcome.told];
  const also = failed.filter((one) => becauseOf(one) === outcome.name).map(({ name }) => name);
  return [
    outcome.seen,
    ...(outcome.calls.length > 0 ? [`after ${outcome.calls.join("; ")}`] : []),
    ...(outcome.issue ? [`a bug like ${outcome.issue}`] : []),
    ...(also.length > 0 ? [`also failed, as it seems because of it: ${also.join(", ")}`] : []),
    `to repeat: zeropage check ${file} ${outcome.again ?? `--case ${outcome.name}`}`,
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
