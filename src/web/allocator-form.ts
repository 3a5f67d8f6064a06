/** The choice of one allocator: a model with its options and its machine's, or a wasm module. */
import {
  builtInModules,
  formatBytes,
  machineOptions,
  models,
  OptionError,
  type OptionInfo,
} from "../index.js";
import { make } from "./dom.js";
import { type Choice, isModule, MODULE_LIMITS, needsFile } from "./protocol.js";
import { formatExact, parseOption } from "./state.js";

/** Stands for a module's file in the list of allocators. Nothing there has this name. */
const FILE = ".wasm";
const { memoryBytes, seconds } = MODULE_LIMITS;
const ABOUT_MODULES =
  "The module really runs, in a Worker of its own, with every page counted. Clearing takes real time. " +
  `The module has up to ${formatBytes(memoryBytes)} of memory, and is stopped if it makes no progress for ${seconds} seconds.`;
const ABOUT_FILES = `${ABOUT_MODULES} The file goes nowhere else.`;

export class AllocatorForm {
  readonly #model = make(
    "select",
    {},
    ...[...models, ...builtInModules].map(({ name, summary }) =>
      make("option", { value: name, textContent: name, title: summary }),
    ),
    make("option", { value: FILE, textContent: "a .wasm file …" }),
  );
  readonly #file = make("input", { type: "file", accept: ".wasm" });
  readonly #fileNow = make("span");
  readonly #fileLabel = make(
    "label",
    { hidden: true },
    "Module, or drop one on the map ",
    this.#fileNow,
    this.#file,
  );
  /** The module whose file was given last. */
  #chosen: Choice | undefined;
  readonly #summary = make("p", { className: "quiet" });
  readonly #options = make("div");
  readonly #more = make("details");
  #fields: { option: OptionInfo; field: HTMLInputElement | HTMLSelectElement }[] = [];

  /** @param onFile called when the person chooses a module. */
  constructor(fieldset: HTMLElement, onFile: (file: File) => void) {
    this.#more.append(make("summary", { textContent: "Options" }), this.#options);
    fieldset.append(make("label", {}, "Model ", this.#model), this.#fileLabel, this.#summary, this.#more);
    this.#file.addEventListener("change", () => {
      const [file] = this.#file.files ?? [];
      if (file) onFile(file);
    });
    this.#model.addEventListener("change", () => this.#offer({}));
  }

  write(choice: Choice): void {
    if (needsFile(choice)) this.#chosen = choice;
    this.#model.value = needsFile(choice) ? FILE : choice.allocator;
    this.#fileNow.textContent = this.#chosen ? `(now ${this.#chosen.allocator}) ` : "";
    this.#offer(choice.options);
  }

  /** The allocator in the form. @throws OptionError for a wrong value of an option, or if no module was chosen. */
  read(): Choice {
    if (this.#model.value === FILE) {
      if (this.#chosen) return this.#chosen;
      throw new OptionError("Choose a .wasm file, or drop one on the map of this side.");
    }
    if (isModule({ allocator: this.#model.value })) return { allocator: this.#model.value, options: {} };
    const given = this.#fields.filter(({ field }) => field.value.trim() !== "");
    const options = given.map(({ option, field }) => [option.name, parseOption(option, field.value)]);
    return { allocator: this.#model.value, options: Object.fromEntries(options) };
  }

  #offer(given: Choice["options"]): void {
    const chosen = this.#model.value;
    const model = models.find(({ name }) => name === chosen);
    const builtIn = builtInModules.find(({ name }) => name === chosen);
    this.#fileLabel.hidden = chosen !== FILE;
    this.#more.hidden = model === undefined;
    this.#summary.textContent = builtIn ? `${builtIn.summary}. ${ABOUT_MODULES}` : ABOUT_FILES;
    if (!model) return;
    this.#summary.textContent = model.summary;
    const taken = machineOptions.filter(({ needs }) => !needs || model[needs]);
    const options = [...model.options, ...taken];
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
    make("option", { value, textContent: value || `default (${usual})` }),
  );
  const select = make("select", {}, ...options);
  select.value = text;
  return select;
}
