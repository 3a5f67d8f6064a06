/** A sheet of the reports as elements of the page: what it means, and its table. */
import { headerText, type Sheet } from "../report/sheet.js";
import { breakable, make } from "./dom.js";

export function sheetElements({ columns, rows, sentences }: Sheet): HTMLElement[] {
  const header = columns.map((column) => make("th", { scope: "col" }, headerText(column)));
  const body = rows.map(([label, ...cells]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, breakable(label?.text ?? "")),
      ...cells.map(({ text }) => make("td", {}, text)),
    ),
  );
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...header)), make("tbody", {}, ...body));
  return [make("ul", {}, ...sentences.map((one) => make("li", {}, breakable(one)))), table];
}
