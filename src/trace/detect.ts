import { TraceError } from "../base/errors.js";
import type { TraceNotes } from "./trace.js";

export type TraceFormat = TraceNotes["format"];

/** Bytes at the beginning of a trace that tell its format. */
export const DETECT_BYTES = 65536;

/**
 * Tells a format from the first DETECT_BYTES of a trace, or all of a shorter one. A trace with nothing in it, or
 * nothing but comments, is one of our text form.
 * @throws TraceError that names the formats there are.
 */
export function detectFormat(head: Uint8Array): TraceFormat {
  const lines = linesOf(head);
  if (lines.some((line) => /--\d+-- \w+\(/.test(line) && !isComment(line))) return "valgrind";
  const first = lines.filter((line) => line.trim() !== "").slice(0, 4);
  if (first.length === 4 && first.every((line) => /^\s*\d+\s*$/.test(line))) return "rep";
  const operation = lines.find((line) => line.trim() !== "" && !isComment(line));
  if (operation === undefined || /^\s*[acmrfwl][ \t]+\d/.test(operation)) return "text";
  throw new TraceError(unrecognisedMessage(lines));
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith("#");
}

/** Whole lines only, unless there is but one. */
function linesOf(head: Uint8Array): string[] {
  const lines = new TextDecoder().decode(head).split("\n");
  if (head.length >= DETECT_BYTES && lines.length > 1) lines.pop();
  return lines;
}

function unrecognisedMessage(lines: readonly string[]): string {
  if (lines.some((line) => /^==\d+== /.test(line))) {
    return "this is a log of valgrind without allocations: run it with --trace-malloc=yes";
  }
  return (
    "the format of this trace is not recognised. There are: text (lines such as `a 0 64` and `f 0`), " +
    "rep (CS:APP, four header lines of one number each) and valgrind (the log of --trace-malloc=yes)"
  );
}
