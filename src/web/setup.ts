/** The form for the program and the allocators. */

import { WAY_NAMES } from "../experiments/iter-content/sheet.js";
import { TOUCH_POLICIES, type TouchPolicy } from "../index.js";
import { BUFFER_WAYS } from "../results/iter-content.js";
import { AllocatorForm } from "./allocator-form.js";
import { touchOptions } from "./assumption.js";
import { byId, make } from "./dom.js";
import { isScript } from "./files.js";
import type { Choices } from "./intake.js";
import {
  BUNDLED,
  type Bundled,
  formatExact,
  formatPercent,
  type Input,
  parseLoop,
  parseProcess,
  parseReads,
  processOf,
  READS,
  SIDES,
  type Side,
} from "./state.js";

export class Setup {
  readonly #kind = byId<HTMLSelectElement>("input-kind");
  readonly #touch = byId<HTMLSelectElement>("touch");
  readonly #file = byId<HTMLInputElement>("file");
  readonly #allocators: AllocatorForm[];
  /** The trace file that was given last. */
  #given: { name: string; url?: string } = { name: "" };

  /** @param onRun called when the person starts the form's choices. @param onFile called with a file, and perhaps a side. */
  constructor(
    private readonly onRun: (choices: Choices) => void,
    onFile: (file: File, side?: Side) => void,
    private readonly onError: (error: unknown) => void,
  ) {
    this.#allocators = SIDES.map(
      (side) => new AllocatorForm(byId(`allocator-${side}`), (file) => onFile(file, side)),
    );
    this.#touch.append(...touchOptions());
    this.#kind.addEventListener("change", () => this.#showFields());
    byId("way").append(
      ...BUFFER_WAYS.map((way) => make("option", { value: way, textContent: `${way}: ${WAY_NAMES[way]}` })),
    );
    for (const [id, value] of Object.entries(READS)) field(id).value = value;
    byId("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#file.addEventListener("change", () => {
      const [file] = this.#file.files ?? [];
      if (file) onFile(file);
    });
    acceptDrops(onFile);
  }

  write({ input, touch, sides }: Choices): void {
    this.#kind.value = input.kind === "trace" ? input.name : input.kind;
    this.#touch.value = touch;
    if (input.kind === "file") this.#given = input;
    if (input.kind === "text") field("program").value = input.text;
    field("process").value = String(processOf(input) ?? "");
    if (input.kind === "loop") {
      field("size").value = formatExact(input.bytes);
      field("count").value = String(input.count);
      field("written").value = formatPercent(input.written);
    }
    if (input.kind === "reads") {
      field("chunk").value = formatExact(input.chunk);
      field("way").value = input.way;
      field("body").value = formatExact(input.body);
    }
    for (const side of SIDES) this.#allocators[side]?.write(sides[side]);
    this.#showFields();
  }

  #submit(): void {
    try {
      const [left, right] = this.#allocators.map((form) => form.read());
      if (!left || !right) return;
      this.onRun({ input: this.#input(), touch: this.#touchPolicy(), sides: [left, right] });
    } catch (error) {
      this.onError(error);
    }
  }

  #touchPolicy(): TouchPolicy {
    return TOUCH_POLICIES.find((policy) => policy === this.#touch.value) ?? "none";
  }

  #input(): Input {
    const kind = this.#kind.value;
    const typed = (id: string) => field(id).value;
    if (kind === "text") return { kind, text: typed("program"), ...parseProcess(typed("process")) };
    if (kind === "file") {
      const { name, url } = this.#given;
      return { kind, name, ...(url !== undefined && { url }), ...parseProcess(typed("process")) };
    }
    if (BUNDLED.includes(kind as Bundled)) return { kind: "trace", name: kind as Bundled };
    if (kind === "reads") {
      return { kind, ...parseReads({ chunk: typed("chunk"), way: typed("way"), body: typed("body") }) };
    }
    const loop = { size: typed("size"), count: typed("count"), written: typed("written") };
    return { kind: "loop", ...parseLoop(loop) };
  }

  #showFields(): void {
    const kind = this.#kind.value;
    for (const part of document.querySelectorAll<HTMLElement>("[data-input]")) {
      const its = part.dataset.input?.split(" ") ?? [];
      // A loop and reads decide themselves what the program touches. For a trace the form has to ask.
      part.hidden = its.includes("trace") ? kind === "loop" || kind === "reads" : !its.includes(kind);
    }
  }
}

const field = (id: string) => byId<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>(id);

/** Accepts files that are dropped anywhere on the page. */
function acceptDrops(onFile: (file: File, side?: Side) => void): void {
  const { body } = document;
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    body.classList.remove("dropping");
    const files = [...(event.dataTransfer?.files ?? [])];
    // A module's JavaScript has to be there before it.
    for (const script of files.filter(isScript)) onFile(script);
    const other = files.find((file) => !isScript(file));
    if (other) onFile(other, sideOf(event.target));
  });
}

/** The side that a part of the page belongs to, if any. */
function sideOf(target: EventTarget | null): Side | undefined {
  const panel = target instanceof Element ? target.closest<HTMLElement>("[data-side]") : null;
  return SIDES.find((side) => panel?.dataset.side === (side === 0 ? "left" : "right"));
}
