/** What is assumed of a trace, which says what is allocated and seldom what is used: told with the results, and changed there. */
import { TOUCH_POLICIES, type TouchPolicy } from "../index.js";
import { byId, make } from "./dom.js";
import type { ViewState } from "./state.js";

/** What a program touches of each object it gets. */
export const TOUCHES: Record<TouchPolicy, string> = {
  none: "nothing",
  first: "its first byte",
  pages: "a byte of each page",
  object: "all of it",
};

/** A choice of policies for a select. */
export const touchOptions = (): HTMLOptionElement[] =>
  TOUCH_POLICIES.map((policy) => make("option", { value: policy, textContent: TOUCHES[policy] }));

export class Assumption {
  readonly #touch = byId<HTMLSelectElement>("assumed-touch");

  /** @param onChange called with another policy that the person assumes. */
  constructor(onChange: (touch: TouchPolicy) => void) {
    this.#touch.append(...touchOptions());
    this.#touch.addEventListener("change", () => onChange(this.#touch.value as TouchPolicy));
  }

  /** A loop and reads decide themselves what the program touches. */
  show({ input, touch }: ViewState): void {
    this.#touch.value = touch;
    byId("assumption").hidden = input.kind === "loop" || input.kind === "reads";
  }
}
