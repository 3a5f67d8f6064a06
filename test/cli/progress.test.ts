import { expect, test } from "vitest";
import { openProgress } from "../../src/cli/progress.js";
import { captured } from "./fakes.js";

const ERASE = "\r\u001b[K";

/** A progress line under a clock that is set by hand, in milliseconds. */
function underClock(terminal: Parameters<typeof captured>[0]) {
  const clock = { ms: 1000 };
  const stream = captured(terminal);
  return { clock, stream, progress: openProgress(stream, () => clock.ms) };
}

test("a line takes the place of the last, and is taken away", () => {
  const { clock, stream, progress } = underClock({ isTTY: true });
  clock.ms += 100;
  progress.show("one");
  clock.ms += 100;
  progress.show("two");
  progress.clear();
  progress.clear();
  expect(stream.text).toBe(`${ERASE}one${ERASE}two${ERASE}`);
});

test("a line is shown at most ten times a second, and not for a short run", () => {
  const { clock, stream, progress } = underClock({ isTTY: true });
  clock.ms += 99;
  progress.show("early");
  progress.clear();
  expect(stream.text).toBe("");
  clock.ms += 1;
  progress.show("one");
  clock.ms += 99;
  progress.show("two");
  expect(stream.text).toBe(`${ERASE}one`);
});

test("a line is never wider than the terminal", () => {
  const { clock, stream, progress } = underClock({ isTTY: true, columns: 10 });
  clock.ms += 100;
  progress.show("0123456789");
  expect(stream.text).toBe(`${ERASE}012345678`);
});

test("on anything but a terminal there is none", () => {
  const { clock, stream, progress } = underClock({ isTTY: false });
  clock.ms += 1000;
  progress.show("one");
  progress.clear();
  expect(stream.text).toBe("");
});
