/** What one needs to know of a drawing: that it is well formed, and how many marks of each kind it has. */
export interface Drawing {
  /** Shapes by the first word of their class: "bar", "line", "dot", "box". */
  marks: Record<string, number>;
  /** The texts, in order. */
  texts: string[];
}

const SHAPES = new Set(["rect", "path", "circle"]);
const TOKEN = /<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;

/** Parses an SVG document. Throws where a tag or an entity is not what XML allows. */
export function parseSvg(svg: string): Drawing {
  const open: string[] = [];
  const drawing: Drawing = { marks: {}, texts: [] };
  let end = 0;
  for (const [token, close, name, attributes, empty, text] of svg.matchAll(TOKEN)) {
    end += token.length;
    if (/&(?!(amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/i.test(token)) throw new Error(`bad entity in ${token}`);
    if (text !== undefined) {
      if (open.at(-1) === "text") drawing.texts.push(text);
    } else if (close) {
      if (open.pop() !== name) throw new Error(`${token} closes nothing`);
    } else {
      if (!empty) open.push(name as string);
      const mark = SHAPES.has(name as string) ? /class="([^" ]*)/.exec(attributes ?? "")?.[1] : undefined;
      if (mark !== undefined) drawing.marks[mark] = (drawing.marks[mark] ?? 0) + 1;
    }
  }
  if (end !== svg.length) throw new Error(`not XML at ${end}: ${svg.slice(end, end + 40)}`);
  if (open.length > 0) throw new Error(`not closed: ${open.join(" ")}`);
  return drawing;
}
