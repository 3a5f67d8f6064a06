/** SVG documents as text. Nothing is measured or run: the same chart is the same bytes everywhere. */

type Attributes = Readonly<Record<string, string | number | undefined>>;

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as it stands in HTML and XML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] as string);
}

/** A number of pixels, to a hundredth. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** An element. What is undefined is left out. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? px(value) : escaped(String(value))}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

/** A line of text; its `y` is its baseline. */
export function textAt(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escaped(text));
}

/** An element that tells what it is where the pointer rests. */
export function told(name: string, attributes: Attributes, telling: string): string {
  return element(name, attributes, element("title", {}, escaped(telling)));
}

/** Told apart from the text and lines around it, on light and dark pages alike; files follow who looks at them. */
const STYLE = `
.chart{font:11px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}
.chart text{fill:#333}.chart .title{font-size:15px;font-weight:600;fill:#111}.chart .subtitle{font-size:12px;fill:#444}
.chart .name{font-size:12px;font-weight:600;fill:#111}.chart .end{text-anchor:end}.chart .middle{text-anchor:middle}
.chart .back{fill:#fff}.chart .grid{stroke:#e4e4e4}.chart .axis{stroke:#888}.chart .line{fill:none;stroke-linejoin:round}
.chart .halo{stroke:#fff;stroke-width:4;stroke-linejoin:round;paint-order:stroke}.chart .bold{font-weight:600}
.chart .black{stroke:#000}.chart .black.dot,.chart .black.swatch{fill:#000}.chart .on{fill:#111}
@media (prefers-color-scheme:dark){
.chart text{fill:#c8ccd2}.chart .title,.chart .name{fill:#f2f3f5}.chart .subtitle{fill:#aab0b8}
.chart .back{fill:#15181c}.chart .grid{stroke:#2c3138}.chart .halo{stroke:#15181c}
.chart .black{stroke:#fff}.chart .black.dot,.chart .black.swatch{fill:#fff}.chart text.on{fill:#111}
}
`;

/** A whole document, with a background. Ends in a newline. */
export function svgDocument(
  width: number,
  height: number,
  title: string,
  children: readonly string[],
): string {
  const [right, bottom] = [Math.ceil(width), Math.ceil(height)];
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    class: "chart",
    ...{ width: right, height: bottom, viewBox: `0 0 ${right} ${bottom}` },
    ...{ role: "img", "aria-label": title },
  };
  const back = element("rect", { class: "back", width: right, height: bottom });
  return `${element("svg", attributes, `<style>${STYLE}</style>`, back, ...children)}\n`;
}
