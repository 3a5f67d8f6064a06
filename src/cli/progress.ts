import type { Output } from "./environment.js";

/** One line on a terminal that says how far a long run is. */
export interface Progress {
  /** Shows a line in place of the last, unless that is very recent. */
  show(text: string): void;
  /** Takes the line away, before anything else is written. */
  clear(): void;
}

const ERASE = "\r\u001b[K";
const INTERVAL_MS = 100;

/** A progress line on a terminal; on anything else, one that writes nothing. Short runs show none either. */
export function openProgress(stream: Output, now: () => number = Date.now): Progress {
  if (!stream.isTTY) return { show: () => {}, clear: () => {} };
  let last = now();
  let shown = false;
  return {
    show(text) {
      if (now() - last < INTERVAL_MS) return;
      last = now();
      shown = true;
      stream.write(ERASE + text.slice(0, (stream.columns ?? 80) - 1));
    },
    clear() {
      if (shown) stream.write(ERASE);
      shown = false;
    },
  };
}
