/** Control characters, direction marks, line separators, and what XML does not allow. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\uFFFE\uFFFF]/gu;

/**
 * Makes text printable that holds names from elsewhere, such as those in a wasm module: a character that would
 * control the terminal is written as `\u{1b}`.
 */
export function printable(text: string): string {
  return text.replace(STEERING, (char) => `\\u{${(char.codePointAt(0) as number).toString(16)}}`);
}
