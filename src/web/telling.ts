/** The results of a view in sentences, of which some come later. */
import type { Report } from "../index.js";
import { byId, make } from "./dom.js";
import type { Opened } from "./session.js";
import type { ViewState } from "./state.js";
import { reportOf, storyOf } from "./story.js";

/** What is told. */
export interface Told {
  state: ViewState;
  opened: Opened;
  /** A sentence that the person should read about what is run. */
  advice: string;
}

/** The kind of cost that takes most words. */
const LONGEST_COST = "constant";

/** Tells what is known, and leaves room for what comes later, so that nothing moves then under the pointer. */
export function tellFirst(told: Told): void {
  const story = byId("story");
  story.style.minHeight = "";
  const report = reportOf(told.state, told.opened);
  if (told.state.input.kind === "loop") {
    const results = report.results.map((result) => ({ ...result, cost: LONGEST_COST }) as const);
    tell({ ...report, results }, told);
    story.style.minHeight = `${story.offsetHeight}px`;
  }
  tell(report, told);
}

/** Tells a report of the view, what the reader of the trace noted, and the advice. */
export function tell(report: Report, { state, opened, advice }: Told): void {
  const losses = opened.losses.map((loss) => `Note: ${loss}.`);
  const sentences = [...storyOf(state, opened, report), advice, ...losses].filter(Boolean);
  byId("story").replaceChildren(...sentences.map((sentence) => make("p", { textContent: sentence })));
}
