/** The results of a view's runs: the record for charts, and sentences. */

import { callocLoopHeading } from "../experiments/calloc-loop/sheet.js";
import {
  clearedBytes,
  iterContentSheet,
  needlessBytes,
  WAY_NAMES,
} from "../experiments/iter-content/sheet.js";
import { runsHeading, sharedParameters } from "../experiments/runs/parameters.js";
import { verdict } from "../experiments/runs/verdict.js";
import { formatBytes, formatCount, type IterContentResult, type Report } from "../index.js";
import { isModule, type Played } from "./protocol.js";
import { type Opened, SideError } from "./session.js";
import {
  formatChoice,
  formatExact,
  type Input,
  linkedChoice,
  processOf,
  SIDES,
  type Side,
  type ViewState,
} from "./state.js";
import { bytesPerRead, type Tape } from "./tape.js";

/** The record for verdicts and charts. */
export function reportOf({ input, touch, sides }: ViewState, opened: Opened): Report {
  const results = runsOf(sides, opened).map(({ result }) => result);
  if (input.kind === "reads") {
    const { way, chunk, body } = input;
    const parameters = { way, chunk: formatExact(chunk), body: formatExact(body) };
    return { scenario: "iter-content", parameters, results };
  }
  if (input.kind !== "loop") {
    const trace = input.kind === "text" ? "program" : input.name;
    const process = processOf(input);
    return {
      scenario: "replay",
      parameters: { trace, ...(process !== undefined && { process }), touch },
      results,
    };
  }
  const { bytes, count, written } = input;
  return {
    scenario: "calloc-loop",
    parameters: { count, written },
    results: results.map((result) => ({ ...result, parameters: { bytes, count, written } })),
  };
}

/** One line on what was run. */
export function headingOf(state: ViewState, opened: Opened): string {
  const report = reportOf(state, opened);
  const parameters = sharedParameters(report);
  return state.input.kind === "loop"
    ? callocLoopHeading(parameters)
    : runsHeading(report.scenario, parameters);
}

/** The sides in the report: those that ran, and the same allocator only once. */
export function sidesOf(choices: ViewState["sides"], { sides }: Opened): Side[] {
  const [left, right] = choices.map(linkedChoice);
  return SIDES.filter((side) => !(sides[side] instanceof SideError) && (side === 0 || left !== right));
}

export const runsOf = (choices: ViewState["sides"], opened: Opened): Played[] =>
  sidesOf(choices, opened).map((side) => opened.sides[side] as Played);

/** Largest block for which a module's cost is measured. Larger ones are really cleared, and would take minutes. */
export const MOST_MEASURED = 256 * 2 ** 20;

/** The results in sentences. `report` is the record of the view. */
export function storyOf(state: ViewState, opened: Opened, report: Report): readonly string[] {
  const { input, sides } = state;
  const runs = runsOf(sides, opened);
  const told = input.kind === "reads" ? readsStory(input, runs, opened.tape) : verdict(report);
  return [...told, ...notesOnModules(input, runs)];
}

/** Why some figures are missing. */
function notesOnModules(input: Input, runs: readonly Played[]): string[] {
  const results = runs.map(({ result }) => result);
  const names = results.filter(isModule).map(formatChoice);
  if (names.length === 0) return [];
  const who = names.join(" and ");
  const notes = [
    `For ${who}, bytes and pages of linear memory are counted in a real run. There are no system calls, and no simulated time.`,
  ];
  if (input.kind === "loop" && input.bytes > MOST_MEASURED)
    notes.push(
      `For modules, the growth of cost with size is measured only up to ${formatBytes(MOST_MEASURED)}.`,
    );
  return notes;
}

type Reads = Extract<Input, { kind: "reads" }>;

/** Sentences on the bug report, as far as each side came. */
function readsStory(input: Reads, runs: readonly Played[], { count }: Tape): string[] {
  const models = runs.flatMap((run) => readsResult(input, run, count) ?? []);
  const modules = runs.filter(({ result }) => !result.simulated);
  const parameters = { body: input.body };
  const sheet = iterContentSheet({ scenario: "iter-content", parameters, results: models });
  return [...sheet.sentences, ...modules.map((run) => readsOfModule(input, run, count))];
}

/** The result of a model, whose time is simulated. */
function readsResult(
  { way, chunk }: Reads,
  run: Played,
  recordsPerRead: number,
): IterContentResult | undefined {
  const { allocator, options, counters, simulated } = run.result;
  if (!simulated) return undefined;
  const reads = Math.floor(run.end / recordsPerRead);
  const body = reads * bytesPerRead(chunk);
  const bytesPerSecond = simulated.seconds === 0 ? null : body / simulated.seconds;
  return {
    ...{ allocator, options, way, chunk, body, counters, simulated, bytesPerSecond },
    library: { reads, ...run.library },
  };
}

function readsOfModule(
  { way, chunk }: Reads,
  { end, library, result }: Played,
  recordsPerRead: number,
): string {
  const { counters } = result;
  const reads = formatCount(Math.floor(end / recordsPerRead));
  const [cleared, needless] = [clearedBytes, needlessBytes].map((of) =>
    formatBytes(of({ counters, library })),
  );
  const what = `${reads} reads into buffers of ${formatBytes(chunk)} cleared ${cleared}`;
  // The meter does not know the zeroes that the program itself wrote to a page of linear memory.
  const least = library.cleared > 0 ? "at least " : "";
  return `${formatChoice(result)}, ${WAY_NAMES[way]}: ${what}, of which ${least}${needless} already read as zero.`;
}

/** The most telling moment: of a loop, when its last block is in use; of a trace, the last peak of bytes in use. */
export function tellingMoment({ input, sides }: ViewState, opened: Opened): number {
  const { length } = opened;
  if (input.kind === "loop" || input.kind === "reads") return length - 1;
  const [run] = runsOf(sides, opened);
  const [first, ...others] = run?.timeline ?? [];
  if (!first) return length;
  return others.reduce((most, point) => (point.inUse >= most.inUse ? point : most), first).operation;
}

/** The note on one side: why it stopped, and what its module is. */
export function noteOn(side: Played | SideError): string {
  if (side instanceof SideError) return `${side.message}. Drop another .wasm here, or change the allocator.`;
  const { stopped, end, note } = side;
  if (stopped === undefined) return note;
  return `Stopped at operation ${(end + 1).toLocaleString("en-US")}: ${stopped}${note && `. ${note}`}`;
}
