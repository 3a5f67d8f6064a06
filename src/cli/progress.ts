import type { Output } from "./environment.js";

/** A line on a terminal that shows how far a long run is. */
export interface Progress {
  /** Replaces the line, unless it was replaced very recently. */
  show(text: string): void;
  /** Removes the line, so that something else can be written. */
  clear(): void;
}

const ERASE = "\r\u001b[K";
const INTERVAL_MS = 100;

/** Opens the line. It stays empty for a short run, and where the stream is not a terminal. */
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
