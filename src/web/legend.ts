/** The legend: how many pages are in each state, on both sides; a tick less hides a state on the maps. */
import { formatBytes, formatCount } from "../index.js";
import { sideHeads } from "./counters.js";
import { byId, make, setText } from "./dom.js";
import { KINDS, pagesByKind } from "./kinds.js";
import type { Choice, Moment } from "./protocol.js";

/** Makes the legend for two allocators. @param onHide called with the ids of the states not to be shown. */
export function buildLegend(
  sides: readonly Choice[],
  hidden: readonly string[],
  onHide: (ids: string[]) => void,
): void {
  const boxes = KINDS.map(({ id }) =>
    make("input", { type: "checkbox", value: id, checked: !hidden.includes(id) }),
  );
  for (const box of boxes) {
    box.addEventListener("change", () =>
      onHide(boxes.filter(({ checked }) => !checked).map(({ value }) => value)),
    );
  }
  const rows = KINDS.map(({ id, name, meaning }, index) => {
    const swatch = make("span", { className: "swatch" });
    swatch.style.background = `var(--${id})`;
    const label = make(
      "label",
      {},
      boxes[index] as Node,
      swatch,
      make("strong", { textContent: name }),
      `: ${meaning}`,
    );
    return make("tr", {}, make("th", { scope: "row" }, label), make("td"), make("td"));
  });
  byId("legend").replaceChildren(sideHeads("shown on the maps", sides), make("tbody", {}, ...rows));
}

/** Shows how many pages of each state there are. */
export function showLegend(moments: readonly Moment[]): void {
  const cells = byId("legend").querySelectorAll("tbody td");
  for (const [side, { runs }] of moments.entries()) {
    for (const [kind, pages] of pagesByKind(runs).entries()) {
      const text = pages ? `${formatBytes(pages * runs.pageBytes)}, ${formatCount(pages)} pages` : "none";
      setText(cells[2 * kind + side] as Element, text);
    }
  }
}
