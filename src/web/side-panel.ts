/** One side: its map with controls, the history of a page over it, and elsewhere where its time goes. */
import { formatBytes, formatCount } from "../index.js";
import { say } from "./announcer.js";
import { CallTree } from "./call-tree.js";
import { breakable, make, setText } from "./dom.js";
import type { PageInside } from "./inside.js";
import { insideElements } from "./inside-panel.js";
import { putHandsOn } from "./map-hands.js";
import { hex, pageText } from "./map-text.js";
import type { PageMap } from "./page-map.js";
import type { Moment, PageHistory } from "./protocol.js";

/** Most regions in the list. Others can be reached on the map. */
const LISTED_REGIONS = 200;

export interface SideEvents {
  /** The person wants to see a range of addresses. */
  onRange(start: number, end: number): void;
  onSeek(position: number): void;
  /** The person does not want to be told any more what lies in the chosen page. */
  onOutside(): void;
}

export class SidePanel {
  readonly element: HTMLElement;
  readonly calls: HTMLElement;
  readonly #title = make("h2");
  readonly #note = make("p", { className: "quiet note" });
  readonly #regions = make("select", { className: "regions" });
  readonly #calls: CallTree;
  readonly #body = make("div", { className: "body" });
  readonly #history = make("div", { className: "over", hidden: true });
  readonly #inside = make("div", { className: "over inside", hidden: true });
  readonly #closeInside = make("button", { type: "button", textContent: "Close" });

  constructor(
    side: "left" | "right",
    private readonly map: PageMap,
    private readonly events: SideEvents,
  ) {
    this.#calls = new CallTree(side);
    putHandsOn(map);
    this.#regions.ariaLabel = `Go to a region, ${side}`;
    this.#closeInside.ariaLabel = `Close, ${side}`;
    const button = (text: string, title: string, act: () => void) => {
      const made = make("button", { type: "button", textContent: text, title });
      made.ariaLabel = `${text}, ${side}`;
      made.addEventListener("click", act);
      return made;
    };
    const controls = make(
      "div",
      { className: "buttons" },
      button("Page history", "History of the page that is chosen on the map", () => this.map.ask()),
      this.#regions,
    );
    this.#regions.addEventListener("change", () => this.#goToRegion());
    this.#closeInside.addEventListener("click", () => {
      this.events.onOutside();
      this.map.canvas.focus();
    });
    const picture = make("div", { className: "picture" }, this.map.canvas, this.#inside, this.#history);
    this.#body.append(picture, this.map.text);
    // Nothing is seen to move when the first name comes, and takes a row more.
    this.#body.style.visibility = "hidden";
    const attributes = { "data-side": side };
    const heading = make("div", { className: "side-heading" }, this.#title, controls, this.#note);
    this.element = make("section", { className: `side ${side}`, attributes }, heading, this.#body);
    this.calls = make("div", { className: side, attributes }, this.#calls.element);
  }

  /** Shows another allocator, with a note on it. */
  open(label: string, note: string): void {
    this.#title.replaceChildren(...breakable(label));
    this.#title.title = label;
    setText(this.#note, note);
    // Where there is little room, its end is cut.
    this.#note.title = note;
    this.#history.hidden = true;
  }

  /** Shows a moment; without one, only the title and the note. */
  show(moment: Moment | undefined): void {
    this.#body.hidden = moment === undefined;
    if (!moment) return;
    this.#body.style.visibility = "";
    this.#showRegions(moment);
    this.#showInside(moment.inside);
    this.#calls.show(moment.time);
  }

  #showRegions({ regions }: Moment): void {
    const count = regions.length / 2;
    const options = Array.from({ length: Math.min(count, LISTED_REGIONS) }, (_, i) => {
      const [start, end] = [regions[2 * i] as number, regions[2 * i + 1] as number];
      return make("option", {
        value: `${start}-${end}`,
        textContent: `${hex(start)}, ${formatBytes(end - start)}`,
      });
    });
    const heading = make("option", {
      value: "",
      textContent: `${count === 1 ? "1 region" : `${formatCount(count)} regions`} …`,
    });
    this.#regions.replaceChildren(heading, ...options);
  }

  #goToRegion(): void {
    const [start, end] = this.#regions.value.split("-").map(Number);
    if (start !== undefined && end !== undefined) this.events.onRange(start, end);
    this.#regions.value = "";
  }

  /** Shows what lies in the page that was asked about, if one was. */
  #showInside(inside: PageInside | undefined): void {
    const hadFocus = this.#inside.contains(document.activeElement);
    this.#inside.hidden = inside === undefined;
    if (!inside) return;
    const seek = (operation: number) => this.events.onSeek(operation);
    this.#inside.replaceChildren(...insideElements(inside, this.#closeInside, seek));
    if (hadFocus) this.#closeInside.focus({ preventScroll: true });
  }

  /** Shows what happened to one page. */
  showHistory(address: number, { changes, latest }: PageHistory): void {
    const items = latest.map(({ operation, code, detail }) => {
      const go = make("button", { type: "button", textContent: formatCount(operation) });
      go.addEventListener("click", () => this.events.onSeek(operation));
      return make("li", {}, go, make("code", { textContent: ` ${code} ` }), pageText(detail));
    });
    const shown = changes > items.length ? `, the last ${items.length}` : "";
    const title = `The page at ${hex(address)} changed ${changes === 1 ? "once" : `${formatCount(changes)} times`} up to here${shown}:`;
    const close = make("button", { type: "button", textContent: "Close" });
    close.addEventListener("click", () => {
      this.#history.hidden = true;
      this.map.canvas.focus();
    });
    this.#history.replaceChildren(make("p", { textContent: title }), make("ul", {}, ...items), close);
    this.#history.hidden = false;
    say(`Page history: ${title}`);
  }
}
