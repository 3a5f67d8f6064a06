/** Where simulated time goes: a tree of calls that can be unfolded. */

import { formatSeconds, formatShare } from "../base/numbers.js";
import { formatCount } from "../index.js";
import { make } from "./dom.js";
import type { TimeNode } from "./protocol.js";

export class CallTree {
  readonly element: HTMLDetailsElement;
  readonly #list = make("ul", { className: "calls" });
  #time: TimeNode | undefined;

  /** @param side as it is called where both are named */
  constructor(side: string) {
    const summary = make("summary", { textContent: `Where the time goes, ${side}` });
    this.element = make("details", {}, summary, this.#list);
    this.element.addEventListener("toggle", () => this.#draw());
  }

  /** Shows the time of a moment. Hidden if there is none. */
  show(time: TimeNode | undefined): void {
    this.#time = time;
    this.element.hidden = time === undefined;
    this.#draw();
  }

  /** Draws the tree, if it is unfolded. */
  #draw(): void {
    if (!this.#time || !this.element.open) return;
    this.#list.replaceChildren(itemOf(this.#time, this.#time.seconds));
  }
}

function itemOf({ name, calls, seconds, children }: TimeNode, total: number): HTMLLIElement {
  const times = calls === 1 ? "once" : `${formatCount(calls)} times`;
  const text = `: ${shareText(seconds, total)}, called ${times}`;
  const item = make("li", {}, make("code", { textContent: name }), text);
  if (children.length === 0) return item;
  const below = children.map((child) => itemOf(child, total));
  const other = otherSeconds(seconds, children);
  if (other > 0) below.push(make("li", {}, `other, in ${name} itself: ${shareText(other, total)}`));
  item.append(make("ul", {}, ...below));
  return item;
}

/** The time of a function that is not that of a function it calls. */
export function otherSeconds(seconds: number, children: readonly TimeNode[]): number {
  const rest = seconds - children.reduce((sum, child) => sum + child.seconds, 0);
  // What sums of fractions are off by is none.
  return rest > seconds * 1e-9 ? rest : 0;
}

const shareText = (seconds: number, total: number): string =>
  `${formatSeconds(seconds)}, ${formatShare(seconds, total)}`;
