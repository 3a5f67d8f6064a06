/** Offers to check the modules of a view against what the C library promises. What checks is loaded when it is asked for. */
import { formatBytes } from "../../index.js";
import { say } from "../announcer.js";
import { byId, make, setText } from "../dom.js";
import { type Chosen, isModule, MODULE_LIMITS } from "../protocol.js";
import type { Session } from "../session.js";
import { formatChoice, linkedChoice, SIDES, type ViewState } from "../state.js";

const nameOf = (choice: Chosen["choice"]) => `Check ${formatChoice(choice)}`;

export class CheckPanel {
  /** Gives up the check that runs. */
  #running: AbortController | undefined;
  #buttons: readonly HTMLButtonElement[] = [];
  readonly #text = make("p", { className: "quiet" });
  readonly #told = make("pre", { className: "checked", hidden: true, tabIndex: 0 });

  /** Offers the modules that a session runs, each once. */
  offer({ sides }: ViewState, session: Session): void {
    this.#running?.abort();
    this.#running = undefined;
    const [left, right] = sides.map(linkedChoice);
    const modules = SIDES.filter((side) => isModule(sides[side]) && (side === 0 || left !== right));
    byId("check").hidden = modules.length === 0;
    this.#told.hidden = true;
    setText(
      this.#text,
      `As zeropage check does, each case on a fresh instance, in a Worker with at most ${formatBytes(MODULE_LIMITS.memoryBytes)} of memory.`,
    );
    this.#buttons = modules.map((side) => {
      const button = make("button", { type: "button", textContent: nameOf(sides[side]) });
      button.addEventListener("click", () => {
        if (this.#running) this.#running.abort();
        else void this.#check(session.chosen(side), button);
      });
      return button;
    });
    byId("check-body").replaceChildren(
      make("div", { className: "buttons" }, ...this.#buttons),
      this.#text,
      this.#told,
    );
  }

  /** Meanwhile its button gives it up. That of another module waits. */
  async #check(chosen: Chosen, button: HTMLButtonElement): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    this.#showRunning(button, `Cancel the check of ${formatChoice(chosen.choice)}`, true);
    this.#told.hidden = true;
    let progress = "before the first case";
    const onCase = (name: string, done: number, total: number) => {
      progress = `after ${done} of ${total} cases`;
      setText(this.#text, `${name}: ${done} of ${total} done`);
    };
    const told = await import("./check-run.js")
      .then(({ checkText }) => checkText(chosen, onCase, running.signal))
      .catch(({ message }: Error) =>
        running.signal.aborted ? `Cancelled ${progress}.` : `It cannot be checked: ${message}`,
      );
    // If another view has come, the panel is its.
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#showRunning(button, nameOf(chosen.choice), false);
    this.#tell(told, running.signal.aborted);
  }

  #showRunning(button: HTMLButtonElement, text: string, isRunning: boolean): void {
    setText(button, text);
    for (const other of this.#buttons) other.disabled = isRunning && other !== button;
  }

  /** The last line is what came of it; all of it is shown, unless there is no more than that. */
  #tell(text: string, isAll: boolean): void {
    const [verdict = ""] = text.trimEnd().split("\n").slice(-1);
    setText(this.#text, verdict);
    setText(this.#told, text);
    this.#told.ariaLabel = "What became of each case";
    this.#told.setAttribute("role", "region");
    this.#told.hidden = isAll;
    say(verdict);
  }
}
