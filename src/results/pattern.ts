import type { Report } from "./run.js";

/** The record the reports about patterns are drawn from; as JSON, the command line's contract. */
export interface PatternReport extends Report {
  scenario: "pattern";
  /** What somebody else measured of the same pattern, beside what it comes to here; absent if nobody did. */
  compared?: ComparedFigures;
}

/** Figures that were published, beside those of the results. */
export interface ComparedFigures {
  /** Who published them. */
  source: string;
  /** What they are of. */
  figure: string;
  rows: {
    /** As the command line names it. */
    allocator: string;
    published: string;
    here: string;
  }[];
}
