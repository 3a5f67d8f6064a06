/** The view in the address bar: runs are steps of the browser's history, and where one looks goes into the last step. */
import { formatState, type ViewState } from "./state.js";

/** Milliseconds without a change before it is written: browsers refuse to change the address too often. */
const REST_MS = 100;

export class AddressBar {
  #due: ReturnType<typeof setTimeout> | undefined;
  /** What was written or followed last. Where the address has something else, the person has gone there, and word of it will come. */
  #known = location.hash;

  /** @param onGo called with the fragment to which the person goes, by a link, by typing, back or forth. */
  constructor(onGo: (fragment: string) => void) {
    addEventListener("hashchange", () => {
      clearTimeout(this.#due);
      this.#known = location.hash;
      onGo(this.#known);
    });
  }

  /** Makes a run a step of its own, to which Back leads. */
  push(state: ViewState): void {
    clearTimeout(this.#due);
    const fragment = `#${formatState(state)}`;
    if (fragment !== location.hash) history.pushState(null, "", fragment);
    this.#known = location.hash;
  }

  /** Notes where the person looks, once that has come to rest. */
  note(state: ViewState): void {
    clearTimeout(this.#due);
    this.#due = setTimeout(() => {
      if (location.hash !== this.#known) return;
      history.replaceState(null, "", `#${formatState(state)}`);
      this.#known = location.hash;
    }, REST_MS);
  }
}
