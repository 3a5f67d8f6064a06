/** The record itself, indented. Ends in a newline. */
export function jsonReport(report: object): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
