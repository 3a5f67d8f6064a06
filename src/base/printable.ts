/** Control characters, direction marks, line separators, and what XML does not allow. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\uFFFE\uFFFF]/gu;

/**
 * Makes text printable that holds names from elsewhere, such as those in a wasm module: a character that would
 * control the terminal is written as `\u{1b}`.
 */
export function printable(text: string): string {
  return text.replace(STEERING, (char) => `\\u{${(char.codePointAt(0) as number).toString(16)}}`);
}

/** Characters of a line for people. */
const LONGEST_LINE = 2000;

/** Text on one line. Of a long one this is its beginning: names from elsewhere may have any length. */
export function oneLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  const line = lines.filter(Boolean).join(" ");
  if (line.length <= LONGEST_LINE) return line;
  return `${line.slice(0, LONGEST_LINE)}… (${line.length - LONGEST_LINE} characters more)`;
}
