/** Shows what runs and how far it is, if it takes long, and lets the person cancel it. */
import { formatCount } from "../index.js";
import { byId, setText } from "./dom.js";
import type { Progress } from "./protocol.js";

/** Work that is done sooner is not shown. */
const PATIENCE_MS = 150;

export class Busy {
  #running = 0;

  constructor(onCancel: () => void) {
    byId("cancel").addEventListener("click", onCancel);
  }

  /** Does some work, and shows the indicator if that takes long. */
  async run<T>(
    text: string,
    work: (onProgress: (text: string, progress: Progress) => void) => Promise<T>,
  ): Promise<T> {
    this.#running++;
    const timer = setTimeout(() => this.#show(text), PATIENCE_MS);
    try {
      return await work((detail, progress) => this.#tell(detail, progress));
    } finally {
      clearTimeout(timer);
      if (--this.#running === 0) byId("busy").hidden = true;
    }
  }

  #show(text: string): void {
    byId("busy").hidden = false;
    byId<HTMLProgressElement>("progress").removeAttribute("value");
    setText(byId("busy-text"), text);
  }

  #tell(text: string, { done, total }: Progress): void {
    const bar = byId<HTMLProgressElement>("progress");
    if (total === undefined) bar.removeAttribute("value");
    else [bar.max, bar.value] = [total, done];
    setText(
      byId("busy-text"),
      `${text}: ${formatCount(done)}${total === undefined ? "" : ` of ${formatCount(total)}`}`,
    );
  }
}
