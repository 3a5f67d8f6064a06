/**
 * Both maps as one picture: one scale, and zoomed and moved together, unless the person takes them apart. Without a
 * window a map shows all that is ever mapped.
 *
 *      hands on a map ─→ PageMap ─→ Maps: what windows that means for both ─→ PageMap.look, and into the link
 */
import { formatBytes, formatCount } from "../index.js";
import { colourPages } from "./differences.js";
import { byId, setText } from "./dom.js";
import type { Coloured } from "./kinds.js";
import { cellForAll } from "./layout.js";
import { PageMap } from "./page-map.js";
import type { Moment } from "./protocol.js";
import { DEFAULT, SIDES, type Side, type ViewState } from "./state.js";

export type Look = Pick<ViewState, "windows" | "apart" | "follows" | "pages" | "differs" | "inside">;

export interface MapsEvents {
  /** The person looks elsewhere, or the maps followed the program. */
  onLook(look: Partial<Look>): void;
  /** The person asked for the history of the page at an address. */
  onAsk(side: Side, address: number): void;
  /** Pages have other colours, or others have them. */
  onColour(sides: readonly (Coloured | undefined)[]): void;
}

export class Maps {
  readonly sides: readonly [PageMap, PageMap];
  #look: Look = DEFAULT;
  #moments: readonly (Moment | undefined)[] = [];
  readonly #apart = byId<HTMLInputElement>("one-scale");
  readonly #follows = byId<HTMLInputElement>("follow");
  readonly #differs = byId<HTMLInputElement>("by-difference");
  readonly #inside = byId<HTMLInputElement>("objects");

  constructor(private readonly events: MapsEvents) {
    const [left, right] = SIDES.map(
      (side) =>
        new PageMap(side === 0 ? "left" : "right", {
          onResize: () => this.#place(),
          onZoom: (levels, address) => this.#zoom(levels, side, address),
          onMove: (lines) => this.#move(lines, side),
          onAll: () => this.#set({ windows: [null, null] }),
          onChoose: (address) => this.#choose(side, address),
          onAsk: (address) => this.events.onAsk(side, address),
          onGone: (line) => this.#goAfter(side, line),
        }),
    );
    this.sides = [left as PageMap, right as PageMap];
    const press = (id: string, act: () => void) => byId(id).addEventListener("click", act);
    press("zoom-in", () => this.#zoom(-1));
    press("zoom-out", () => this.#zoom(1));
    press("zoom-all", () => this.#set({ windows: [null, null] }));
    this.#apart.addEventListener("change", () => this.#part(!this.#apart.checked));
    this.#follows.addEventListener("change", () => this.#set({ follows: this.#follows.checked }));
    this.#inside.addEventListener("change", () => this.tellInside(this.#inside.checked));
    this.#differs.addEventListener("change", () => {
      this.#set({ differs: this.#differs.checked });
      this.#colour();
    });
  }

  /** Shows another program, as it was looked at. */
  open(look: Look): void {
    this.#look = look;
    for (const side of SIDES) this.sides[side].choose(look.pages[side]);
    this.#place();
  }

  show(moments: readonly (Moment | undefined)[]): void {
    this.#moments = moments;
    for (const side of SIDES) {
      const moment = moments[side];
      if (moment) this.sides[side].show(moment);
    }
    this.#colour();
    this.#place();
  }

  #colour(): void {
    const sides = colourPages(this.#moments, this.#look.differs);
    for (const side of SIDES) {
      const coloured = sides[side];
      if (coloured) this.sides[side].colour(coloured);
    }
    this.events.onColour(sides);
  }

  hide(kinds: readonly string[]): void {
    for (const map of this.sides) map.hide(kinds);
  }

  /** Tells what lies in the pages that are chosen, or no more. */
  tellInside(inside: boolean): void {
    this.#set({ inside });
  }

  /** Shows a range of addresses of one side. */
  fitTo(side: Side, start: number, end: number): void {
    const map = this.sides[side];
    const cell = cellForAll([start, end], map.grid, this.#least(side));
    const windows = SIDES.map((one) => {
      if (one === side) return { start, cell };
      return this.#look.apart ? this.#look.windows[one] : this.sides[one].zoomed(cell);
    });
    this.#set({ windows: windows as Look["windows"] });
  }

  // ---- What the hands mean ----

  /** Zooms about an address of one side, and the other side about its own page. Without a side, both about their own. */
  #zoom(levels: number, side?: Side, address?: number): void {
    const of = side ?? 0;
    const isAlone = this.#look.apart && side !== undefined;
    const windows = SIDES.map((one) => {
      if (isAlone && one !== side) return this.#look.windows[one];
      const from = this.#look.apart ? this.#cell(one) : this.#cell(of);
      const cell = this.#within(from * 2 ** levels, one);
      return cell === this.#cell(one)
        ? this.#look.windows[one]
        : this.sides[one].zoomed(cell, one === side ? address : undefined);
    });
    this.#set({ windows: windows as Look["windows"] });
  }

  #move(lines: number, side: Side): void {
    const windows = SIDES.map((one) =>
      this.#look.apart && one !== side ? this.#look.windows[one] : this.sides[one].moved(lines),
    );
    this.#set({ windows: windows as Look["windows"] });
  }

  #choose(side: Side, address: number): void {
    const pages: Look["pages"] = [...this.#look.pages];
    pages[side] = address;
    this.#look = { ...this.#look, pages };
    this.events.onLook({ pages });
  }

  /** Goes where the last operation is. */
  #goAfter(side: Side, start: number): void {
    const windows: Look["windows"] = [...this.#look.windows];
    windows[side] = { start, cell: this.#cell(side) };
    this.#set({ windows });
  }

  /** Gives each map a scale of its own, or both the scale of the coarser. */
  #part(apart: boolean): void {
    const isAll = this.#look.windows.every((window) => window === null);
    const cell = Math.max(...SIDES.map((side) => this.#cell(side)));
    const windows = SIDES.map((side) => this.sides[side].zoomed(cell)) as Look["windows"];
    this.#set(apart || isAll ? { apart } : { apart, windows });
  }

  #set(look: Partial<Look>): void {
    this.#look = { ...this.#look, ...look };
    this.#place();
    this.events.onLook(look);
  }

  // ---- Scales ----

  /** The smallest cell that a side can have: a page, of both sides if they have one scale. */
  #least(side: Side): number {
    const maps = this.#look.apart ? [this.sides[side]] : this.sides;
    return Math.max(...maps.map((map) => map.pageBytes));
  }

  /** The cell with which all of a side has room, and of the other if they have one scale. */
  #most(side: Side): number {
    const maps = this.#look.apart ? [this.sides[side]] : this.sides;
    return Math.max(...maps.map((map) => cellForAll(map.extent, map.grid, this.#least(side))));
  }

  #within(cell: number, side: Side): number {
    return Math.min(Math.max(cell, this.#least(side)), this.#most(side));
  }

  #cell(side: Side): number {
    const chosen = this.#look.apart
      ? this.#look.windows[side]
      : (this.#look.windows[side] ?? this.#look.windows[1 - side]);
    return this.#within(chosen?.cell ?? Number.POSITIVE_INFINITY, side);
  }

  #place(): void {
    for (const side of SIDES) {
      const start = this.#look.windows[side]?.start ?? 0;
      this.sides[side].look({ start, cell: this.#cell(side) });
    }
    for (const map of this.sides) map.follows = this.#look.follows;
    this.#apart.checked = !this.#look.apart;
    this.#follows.checked = this.#look.follows;
    this.#differs.checked = this.#look.differs;
    this.#inside.checked = this.#look.inside;
    setText(byId("scale"), this.#scale());
  }

  #scale(): string {
    const [left, right] = SIDES.map((side) => scaleText(this.#cell(side), this.sides[side].pageBytes));
    return left === right ? `On both maps 1 cell = ${left}.` : `1 cell = ${left} left, and ${right} right.`;
  }
}

function scaleText(cell: number, pageBytes: number): string {
  const pages = cell / pageBytes;
  return `${formatBytes(cell)}, ${pages === 1 ? "a page" : `${formatCount(pages)} pages`}`;
}
