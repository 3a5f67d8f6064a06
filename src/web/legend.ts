/** The legend: the kinds of pages with their colours, which of them the maps show, and how many pages each has. */
import { formatBytes, formatCount } from "../index.js";
import { sideHeads, swatch } from "./counters.js";
import { byId, make, setText } from "./dom.js";
import { BY_STATE, type Coloured, type Colouring, pagesByKind } from "./kinds.js";
import type { Choice } from "./protocol.js";

export class Legend {
  #colouring = BY_STATE;
  #sides: readonly Choice[] = [];
  #hidden: readonly string[] = [];

  /** @param onHide called with the ids of the kinds to hide. */
  constructor(private readonly onHide: (ids: string[]) => void) {
    this.#buildFilter();
  }

  /** Makes the legend anew for two allocators. */
  open(sides: readonly Choice[], hidden: readonly string[]): void {
    this.#sides = sides;
    this.#hidden = hidden;
    this.#build(this.#colouring);
  }

  #build(colouring: Colouring): void {
    this.#colouring = colouring;
    setText(byId("legend-title"), colouring.title);
    this.#buildFilter();
    this.#buildTable();
  }

  /** The legend beside the maps. */
  #buildFilter(): void {
    const boxes = this.#colouring.kinds.map(({ id }) =>
      make("input", { type: "checkbox", value: id, checked: !this.#hidden.includes(id) }),
    );
    for (const box of boxes) box.addEventListener("change", () => this.#hide(boxes));
    const labels = this.#colouring.kinds.map(({ id, name, meaning }, index) =>
      make("label", { title: meaning }, boxes[index] as Node, swatch(id), name),
    );
    byId("filter").replaceChildren(byId("filter").querySelector("legend") as Node, ...labels);
  }

  /** Hides what is not ticked. What other colours mean stays as it was. */
  #hide(boxes: readonly HTMLInputElement[]): void {
    const others = this.#hidden.filter((id) => boxes.every(({ value }) => value !== id));
    const unticked = boxes.filter(({ checked }) => !checked).map(({ value }) => value);
    this.#hidden = [...others, ...unticked];
    this.onHide([...this.#hidden]);
  }

  #buildTable(): void {
    const rows = this.#colouring.kinds.map(({ id, name, meaning }) => {
      const title = make("strong", { textContent: name });
      const what = make("th", { scope: "row" }, swatch(id), title, `: ${meaning}`);
      return make("tr", {}, what, make("td"), make("td"));
    });
    byId("legend").replaceChildren(sideHeads("state", this.#sides), make("tbody", {}, ...rows));
  }

  /** Shows the number of pages of each kind. */
  show(both: readonly (Coloured | undefined)[]): void {
    const colouring = both.find((side) => side)?.colouring ?? BY_STATE;
    if (colouring !== this.#colouring) this.#build(colouring);
    const cells = byId("legend").querySelectorAll("tbody td");
    for (const [side, coloured] of both.entries()) {
      const counts = coloured && pagesByKind(coloured);
      for (const kind of colouring.kinds.keys()) {
        const text = counts ? textOf(counts[kind] as number, coloured.runs.pageBytes) : "-";
        setText(cells[2 * kind + side] as Element, text);
      }
    }
  }
}

function textOf(pages: number, pageBytes: number): string {
  const count = `${formatCount(pages)} ${pages === 1 ? "page" : "pages"}`;
  return pages ? `${formatBytes(pages * pageBytes)}, ${count}` : "none";
}
