/** The choice of one allocator: its model, and every option it and its machine have. */
import { machineOptions, models, type OptionInfo } from "../index.js";
import { make } from "./dom.js";
import type { Choice } from "./protocol.js";
import { formatExact, parseOption } from "./state.js";

export class AllocatorForm {
  readonly #model = make(
    "select",
    {},
    ...models.map(({ name, summary }) => make("option", { value: name, textContent: name, title: summary })),
  );
  readonly #summary = make("p", { className: "quiet" });
  readonly #options = make("div");
  #fields: { option: OptionInfo; field: HTMLInputElement | HTMLSelectElement }[] = [];

  constructor(fieldset: HTMLElement) {
    const more = make("details", {}, make("summary", { textContent: "Options" }), this.#options);
    fieldset.append(make("label", {}, "Model ", this.#model), this.#summary, more);
    this.#model.addEventListener("change", () => this.#offer({}));
  }

  write({ allocator, options }: Choice): void {
    this.#model.value = allocator;
    this.#offer(options);
  }

  /** @throws OptionError for what is no value of an option. */
  read(): Choice {
    const given = this.#fields.filter(({ field }) => field.value.trim() !== "");
    const options = given.map(({ option, field }) => [option.name, parseOption(option, field.value)]);
    return { allocator: this.#model.value, options: Object.fromEntries(options) };
  }

  #offer(given: Choice["options"]): void {
    const model = models.find(({ name }) => name === this.#model.value);
    if (!model) return;
    this.#summary.textContent = model.summary;
    const options = [...model.options, ...machineOptions];
    this.#fields = options.map((option) => ({ option, field: fieldFor(option, given[option.name]) }));
    const labels = this.#fields.map(({ option, field }) =>
      make(
        "label",
        {},
        `${option.name} `,
        field,
        make("span", { className: "quiet", textContent: ` ${option.summary}` }),
      ),
    );
    this.#options.replaceChildren(...labels);
  }
}

function fieldFor({ values, default: standard }: OptionInfo, given: string | number | undefined) {
  const text = given === undefined ? "" : typeof given === "number" ? formatExact(given) : given;
  const usual = typeof standard === "number" ? formatExact(standard) : standard;
  if (!values) return make("input", { value: text, placeholder: usual, autocomplete: "off" });
  const options = ["", ...values].map((value) =>
    make("option", { value, textContent: value || `as usual (${usual})` }),
  );
  const select = make("select", {}, ...options);
  select.value = text;
  return select;
}
