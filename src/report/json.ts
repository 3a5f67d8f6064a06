import type { Report } from "./results.js";

/** The record itself, indented. Ends in a newline. */
export function jsonReport(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
