/** The five counters that are seen beside the maps: both sides as figures and as bars of one scale. */
import { faultCount } from "../experiments/runs/verdict.js";
import { formatCount } from "../index.js";
import { byId, make, setText } from "./dom.js";
import { type Counted, NEEDLESS, RESIDENT, TIME } from "./measure.js";
import { SIDES } from "./state.js";

interface Figure {
  name: string;
  of(counted: Counted): number;
  text(figure: number): string;
}

const FIGURES: readonly Figure[] = [
  NEEDLESS,
  {
    name: "page faults",
    of: ({ counters }) => faultCount(counters),
    text: formatCount,
  },
  {
    name: "system calls",
    // A module makes none. It only asks its host for memory.
    of: ({ counters, simulated }) =>
      simulated ? Object.values(counters.syscalls).reduce((sum, calls) => sum + calls, 0) : Number.NaN,
    text: formatCount,
  },
  RESIDENT,
  TIME,
];

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
      setText(cell.lastElementChild as Element, Number.isNaN(figure) ? "not counted" : text(figure));
    }
  }
}
