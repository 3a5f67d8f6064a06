/** Control characters, what turns the direction of text, ends of lines, and what XML does not know. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\uFFFE\uFFFF]/gu;

/**
 * A text for people to see that holds names somebody else chose, as those in a wasm module: what would steer a
 * terminal instead of being shown is written as `\u{1b}`.
 */
export function printable(text: string): string {
  return text.replace(STEERING, (char) => `\\u{${(char.codePointAt(0) as number).toString(16)}}`);
}
