/** How wide text is, about: the charts' fonts are the reader's, and nothing measures them where an SVG is made. */

/** Width of a character in ems: the mean of the widest font that CHART_CONFIG names. */
const CHARACTER = 0.62;

export function textWidth(text: string, fontSize: number): number {
  return text.length * CHARACTER * fontSize;
}

/** The text, cut to a width in pixels with an ellipsis; empty where not even a few characters fit. */
export function cutToWidth(text: string, width: number, fontSize: number): string {
  const room = Math.floor(width / (CHARACTER * fontSize));
  if (text.length <= room) return text;
  return room < 5 ? "" : `${text.slice(0, room - 1)}…`;
}

/** The lines of a text that is broken between words. A word that does not fit has a line of its own. */
export function wrapWords(text: string, fits: (line: string) => boolean): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter(Boolean)) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
