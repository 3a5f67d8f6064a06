/** What is read out to people who do not look: one thing at a time, and no more often than one can listen. */
import { byId, setText } from "./dom.js";

/** Milliseconds between two announcements. What comes between gives way to what comes last. */
const PAUSE_MS = 1500;

let [last, next] = [Number.NEGATIVE_INFINITY, ""];
let isDue = false;

/** Reads a text out, at once or after a pause. */
export function say(text: string): void {
  next = text;
  if (!isDue) setTimeout(speak, Math.max(0, last + PAUSE_MS - performance.now()));
  isDue = true;
}

function speak(): void {
  isDue = false;
  last = performance.now();
  setText(byId("announcement"), next);
}
