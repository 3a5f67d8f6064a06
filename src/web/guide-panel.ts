/** The step of a guided story that is shown: what is to be seen, a question, its answer, and the part that it is about. */
import { say } from "./announcer.js";
import { byId, make } from "./dom.js";
import { figuresOf, GUIDES, type Step } from "./guides.js";
import { countedOf } from "./measure.js";
import { type Opened, SideError } from "./session.js";
import type { Place } from "./state.js";

export class GuidePanel {
  readonly #box = byId("guide");

  /** @param onGo called with the step to which the person goes; null to leave the story. */
  constructor(private readonly onGo: (place: Place | null) => void) {}

  /** Shows a step, as soon as it is known which; its answer once both sides ran. */
  show(place: Place | null, opened?: Opened): void {
    const guide = GUIDES[place?.story ?? ""];
    const step = guide?.steps[(place?.step ?? 0) - 1];
    this.#box.hidden = step === undefined;
    document.body.classList.toggle("guided", step !== undefined);
    this.#point(undefined);
    if (!guide || !step || !place) return;
    this.#box.replaceChildren(
      make("p", { className: "quiet" }, `${guide.name} · ${place.step} of ${guide.steps.length}`),
      make("p", { className: "says", textContent: step.says }),
      this.#question(step, opened),
      this.#buttons(place, guide.steps.length),
    );
    if (opened) say(step.says);
  }

  #question(step: Step, opened: Opened | undefined): HTMLElement {
    const answer = make("p", { className: "answer", textContent: opened ? answerOf(step, opened) : "…" });
    const details = make("details", {}, make("summary", { textContent: step.asks }), answer);
    details.addEventListener("toggle", () => this.#point(details.open ? step.points : undefined));
    return details;
  }

  #buttons({ story, step }: Place, steps: number): HTMLElement {
    const button = (textContent: string, place: Place | null, isPrimary = false) => {
      const made = make("button", { type: "button", textContent, className: isPrimary ? "primary" : "" });
      made.addEventListener("click", () => this.onGo(place));
      return made;
    };
    return make(
      "div",
      { className: "buttons" },
      ...(step > 1 ? [button("Previous", { story, step: step - 1 })] : []),
      ...(step < steps ? [button("Next", { story, step: step + 1 }, true)] : []),
      button("Leave the story", null),
    );
  }

  /** Marks the one part that the answer is about. */
  #point(id: string | undefined): void {
    for (const part of document.querySelectorAll(".pointed")) part.classList.remove("pointed");
    if (id) byId(id).classList.add("pointed");
  }
}

function answerOf({ answers }: Step, { sides }: Opened): string {
  const [left, right] = sides;
  if (left instanceof SideError || right instanceof SideError) return "One side cannot run here.";
  return answers(figuresOf(countedOf(left)), figuresOf(countedOf(right)));
}
