/** Offers to check the modules of a view against what the C library promises. What checks is loaded when it is asked for. */
import { formatBytes } from "../../index.js";
import { say } from "../announcer.js";
import { byId, make, setText } from "../dom.js";
import { isModule, MODULE_LIMITS } from "../protocol.js";
import type { Session } from "../session.js";
import { formatChoice, linkedChoice, SIDES, type Side, type ViewState } from "../state.js";

export class CheckPanel {
  #session: Session | undefined;
  readonly #text = make("p", { className: "quiet" });
  readonly #told = make("pre", { className: "checked", hidden: true, tabIndex: 0 });

  /** Offers the modules that a session runs, each once. */
  offer({ sides }: ViewState, session: Session): void {
    this.#session = session;
    const [left, right] = sides.map(linkedChoice);
    const modules = SIDES.filter((side) => isModule(sides[side]) && (side === 0 || left !== right));
    byId("check").hidden = modules.length === 0;
    this.#told.hidden = true;
    setText(
      this.#text,
      `As zeropage check does, each case on a fresh instance, in a Worker with at most ${formatBytes(MODULE_LIMITS.memoryBytes)} of memory.`,
    );
    const buttons = modules.map((side) => {
      const button = make("button", { type: "button", textContent: `Check ${formatChoice(sides[side])}` });
      button.addEventListener("click", () => void this.#check(side, session, button));
      return button;
    });
    byId("check-body").replaceChildren(
      make("div", { className: "buttons" }, ...buttons),
      this.#text,
      this.#told,
    );
  }

  async #check(side: Side, session: Session, button: HTMLButtonElement): Promise<void> {
    const isShown = () => this.#session === session;
    button.disabled = true;
    this.#told.hidden = true;
    try {
      const { checkText } = await import("./check-run.js");
      const text = await checkText(session.chosen(side), (name, done, total) => {
        if (isShown()) setText(this.#text, `${name}: ${done} of ${total} done`);
      });
      if (isShown()) this.#tell(text);
    } catch (error) {
      if (isShown()) this.#tell(`It cannot be checked: ${(error as Error).message}`);
    } finally {
      button.disabled = false;
    }
  }

  #tell(text: string): void {
    const [verdict = ""] = text.trimEnd().split("\n").slice(-1);
    setText(this.#text, verdict);
    setText(this.#told, text);
    this.#told.ariaLabel = "What became of each case";
    this.#told.setAttribute("role", "region");
    this.#told.hidden = false;
    say(verdict);
  }
}
