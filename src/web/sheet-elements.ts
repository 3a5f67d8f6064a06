/** A sheet of the reports as elements of the page: what it means, and its table, with its heading if it is one of several. */
import { headerText, type Sheet } from "../report/sheet.js";
import { breakable, make } from "./dom.js";

/** Where the label of a row leads, if anywhere. */
export type LinkOf = (label: string) => string | undefined;

export function sheetElements(
  { heading, columns, rows, sentences }: Sheet,
  isAlone: boolean,
  linkOf?: LinkOf,
): HTMLElement[] {
  const header = columns.map((column) => {
    const text = headerText(column);
    return text ? make("th", { scope: "col" }, text) : make("td");
  });
  const body = rows.map(([label, ...cells]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, ...linked(label?.text ?? "", linkOf)),
      ...cells.map(({ text }) => make("td", {}, text)),
    ),
  );
  const caption = isAlone ? [] : [make("caption", {}, ...breakable(heading))];
  const table = make(
    "table",
    {},
    ...caption,
    make("thead", {}, make("tr", {}, ...header)),
    make("tbody", {}, ...body),
  );
  return [make("ul", {}, ...sentences.map((one) => make("li", {}, ...breakable(one)))), table];
}

function linked(label: string, linkOf?: LinkOf): (Node | string)[] {
  const href = linkOf?.(label);
  return href === undefined ? breakable(label) : [make("a", { href }, ...breakable(label))];
}
