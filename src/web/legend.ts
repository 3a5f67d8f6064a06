/** The legend: the kinds of pages with their colours, which of them the maps show, and how many pages each has. */
import { formatBytes, formatCount } from "../index.js";
import { sideHeads, swatch } from "./counters.js";
import { byId, make, setText } from "./dom.js";
import { KINDS, pagesByKind } from "./kinds.js";
import type { Choice, Moment } from "./protocol.js";

/** Makes the legend above the maps. @param onHide called with the ids of the kinds to hide. */
export function buildFilter(hidden: readonly string[], onHide: (ids: string[]) => void): void {
  const boxes = KINDS.map(({ id }) =>
    make("input", { type: "checkbox", value: id, checked: !hidden.includes(id) }),
  );
  for (const box of boxes) {
    const unticked = () => boxes.filter(({ checked }) => !checked).map(({ value }) => value);
    box.addEventListener("change", () => onHide(unticked()));
  }
  const labels = KINDS.map(({ id, name, meaning }, index) =>
    make("label", { title: meaning }, boxes[index] as Node, swatch(id), name),
  );
  byId("filter").replaceChildren(byId("filter").querySelector("legend") as Node, ...labels);
}

/** Makes the table of kinds for two allocators. */
export function buildLegend(sides: readonly Choice[]): void {
  const rows = KINDS.map(({ id, name, meaning }) => {
    const what = make(
      "th",
      { scope: "row" },
      swatch(id),
      make("strong", { textContent: name }),
      `: ${meaning}`,
    );
    return make("tr", {}, what, make("td"), make("td"));
  });
  byId("legend").replaceChildren(sideHeads("state", sides), make("tbody", {}, ...rows));
}

/** Shows the number of pages of each kind. */
export function showLegend(moments: readonly (Moment | undefined)[]): void {
  const cells = byId("legend").querySelectorAll("tbody td");
  for (const [side, moment] of moments.entries()) {
    const counts = moment && pagesByKind(moment.runs);
    for (const kind of KINDS.keys()) {
      const text = counts ? textOf(counts[kind] as number, moment.runs.pageBytes) : "-";
      setText(cells[2 * kind + side] as Element, text);
    }
  }
}

function textOf(pages: number, pageBytes: number): string {
  const count = `${formatCount(pages)} ${pages === 1 ? "page" : "pages"}`;
  return pages ? `${formatBytes(pages * pageBytes)}, ${count}` : "none";
}
