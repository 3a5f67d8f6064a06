/** The five counters that are seen beside the maps: both sides as figures and as bars of one scale. */
import { byId, make, setText } from "./dom.js";
import { COUNTS, type Counted, type Measure, TIME, textOfChange } from "./measure.js";
import { SIDES } from "./state.js";

const { needless, faults, syscalls, resident } = COUNTS;
const FIGURES: readonly Measure[] = [needless, faults, syscalls, resident, TIME];

export function buildFigures(): void {
  // So that it can be scrolled by keys where the window is low.
  byId("figures-panel").tabIndex = 0;
  byId("figures").replaceChildren(
    ...FIGURES.map(({ name }) => {
      const sides = ["left", "right"].map((side) =>
        make(
          "dd",
          { className: side },
          make(
            "span",
            { className: "track", attributes: { "aria-hidden": "true" } },
            make("span", { className: "now" }),
          ),
          make("span", { className: "figure" }),
        ),
      );
      return make("dl", {}, make("dt", { textContent: name }), ...sides);
    }),
  );
}

export function showFigures(moments: readonly (Counted | undefined)[]): void {
  for (const [row, { of, text }] of FIGURES.entries()) {
    const figures = SIDES.map((side) => (moments[side] ? of(moments[side]) : Number.NaN));
    const most = Math.max(...figures.filter((figure) => !Number.isNaN(figure)), 0);
    for (const [side, cell] of [...(byId("figures").children[row]?.querySelectorAll("dd") ?? [])].entries()) {
      const figure = figures[side] as number;
      const bar = cell.querySelector(".now") as HTMLElement;
      bar.style.width = most > 0 && figure > 0 ? `${(100 * figure) / most}%` : "0";
      setText(
        cell.lastElementChild as Element,
        Number.isNaN(figure) ? "not counted" : textOfChange(figure, text),
      );
    }
  }
}
