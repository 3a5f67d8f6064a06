/** What went wrong, what to do about it, and the buttons that do it. It stays until it is settled or dismissed. */
import { byId, make } from "./dom.js";

export interface Remedy {
  name: string;
  act(): void;
}

export class Problem {
  readonly #box = byId("problem");

  show(message: string, ...remedies: readonly Remedy[]): void {
    const buttons = [...remedies, { name: "Dismiss", act: () => {} }].map(({ name, act }) => {
      const button = make("button", { type: "button", textContent: name });
      button.addEventListener("click", () => {
        this.clear();
        act();
      });
      return button;
    });
    this.#box.replaceChildren(make("p", {}, message), make("div", { className: "buttons" }, ...buttons));
  }

  clear(): void {
    this.#box.replaceChildren();
  }
}
