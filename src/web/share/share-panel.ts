/** What the menu to share has: the link, the frame for an article, the command line, and files to save. */
import { say } from "../announcer.js";
import { make } from "../dom.js";
import { needsFile } from "../protocol.js";
import { formatChoice, formatState, type ViewState } from "../state.js";
import { commandOf } from "./command.js";
import { EXPORTS, type Export } from "./exports.js";
import type { Shared } from "./shared.js";

const TOLD_MS = 2000;

export function fillMenu(box: HTMLElement, shared: Shared | undefined): void {
  if (!shared) {
    box.replaceChildren(make("p", {}, "Nothing is shown yet."));
    return;
  }
  const { state, opened } = shared;
  const command = commandOf(state);
  box.replaceChildren(
    copied("Copy link", linkTo(state), missingText(state)),
    copied("Copy frame for an article", frameOf(state)),
    ...(command === undefined ? [] : [copied("Copy as command", command, COMMAND_NOTE)]),
    make("p", { className: "quiet", id: "save-title", textContent: "Save to a file:" }),
    make(
      "div",
      { className: "buttons", attributes: { role: "group", "aria-labelledby": "save-title" } },
      ...EXPORTS.filter(({ suits }) => suits(state, opened)).map((one) => saving(one, shared)),
    ),
  );
}

const COMMAND_NOTE = "In a shell, this gives the figures of the whole run.";

/** The address of a view, in full. */
function linkTo(state: ViewState, search = location.search): string {
  return `${location.href.replace(/[?#].*$/, "")}${search}#${formatState(state)}`;
}

const frameOf = (state: ViewState): string =>
  `<iframe src="${linkTo(state, "?embed").replaceAll("&", "&amp;")}" sandbox="allow-scripts allow-same-origin allow-popups" width="100%" height="600" title="zeropage"></iframe>`;

/** What a link to a view cannot hold. */
function missingText({ input, sides }: ViewState): string {
  const names = [
    ...(input.kind === "file" && input.url === undefined ? [input.name] : []),
    ...sides.filter((choice) => needsFile(choice) && choice.url === undefined).map(formatChoice),
  ];
  if (names.length === 0) return "";
  return `It names ${[...new Set(names)].join(" and ")}, which whoever opens it has to drop there. What lies on a server that lets others read it can be named by its address: trace=https://…, a=https://….`;
}

/** A text, a button that copies it, and a note. */
function copied(name: string, text: string, note = ""): HTMLElement {
  const shown = make("textarea", { value: text, readOnly: true, rows: text.includes("\n") ? 3 : 1 });
  shown.ariaLabel = name.replace("Copy ", "").replace(/^./, (letter) => letter.toUpperCase());
  const button = make("button", { type: "button", textContent: name });
  button.addEventListener("click", async () => {
    const isCopied = await copy(shown);
    button.textContent = isCopied ? "Copied" : "Press Ctrl+C";
    say(button.textContent);
    setTimeout(() => {
      button.textContent = name;
    }, TOLD_MS);
  });
  return make(
    "div",
    { className: "shared" },
    button,
    shown,
    ...(note ? [make("p", { className: "quiet", textContent: note })] : []),
  );
}

/** Copies a field's text; where the page may not, selects it for the person to do so. */
async function copy(field: HTMLTextAreaElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.select();
    return false;
  }
}

function saving(one: Export, shared: Shared): HTMLElement {
  const button = make("button", { type: "button", textContent: one.name });
  button.addEventListener("click", async () => {
    try {
      save(await shared.busy.run(`Making ${one.file}`, () => one.make(shared)), one.file);
    } catch (error) {
      shared.onError(error);
    }
  });
  return button;
}

function save(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob);
  make("a", { href, download: name }).click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(href), TOLD_MS);
}
