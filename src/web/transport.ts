/** The controls of time: play, pause, step, scrub, and what range of operations is counted (timeline.ts has the picture). */
import { formatBytes, formatCount } from "../index.js";
import { say } from "./announcer.js";
import { byId, make, setText } from "./dom.js";
import { frameOf, type Rounds, SPEEDS, WHOLE_SECONDS } from "./playback.js";
import type { Range } from "./state.js";
import { Timeline, type Timelines } from "./timeline.js";

export class Transport {
  #position = 0;
  /** The position last asked for. A step starts from it, because what is shown may lag behind. */
  #wanted = 0;
  /** Whether the person went elsewhere, and was not told yet where that is. */
  #isMoved = false;
  #rounds: Rounds = { length: 0, period: 0 };
  #range: Range | null = null;
  #playingSince: { time: number; position: number } | undefined;

  readonly #scrub = byId<HTMLInputElement>("scrub");
  readonly #play = byId<HTMLButtonElement>("play");
  readonly #speed = byId<HTMLSelectElement>("speed");
  readonly #timeline = new Timeline(
    (position) => this.#goTo(position),
    (range) => this.onRange(range),
  );

  /**
   * @param onSeek called with a new position; `settled` if the person stays there.
   * @param onSpeed called with the speed that the person chose.
   * @param onRange called with the operations to count; null for all up to the position.
   */
  constructor(
    private readonly onSeek: (position: number, settled: boolean) => void,
    onSpeed: (speed: number) => void,
    private readonly onRange: (range: Range | null) => void,
  ) {
    this.#speed.append(
      ...SPEEDS.map((speed) => make("option", { value: String(speed), textContent: speedName(speed) })),
    );
    this.#scrub.addEventListener("input", () => this.#goTo(Number(this.#scrub.value)));
    const press = (id: string, go: () => number) =>
      byId(id).addEventListener("click", () => this.#goTo(go()));
    press("to-start", () => 0);
    press("back", () => this.#wanted - 1);
    press("forward", () => this.#wanted + 1);
    press("to-end", () => this.#rounds.length);
    this.#play.addEventListener("click", () => this.toggle());
    this.#speed.addEventListener("change", () => {
      this.#restart();
      onSpeed(Number(this.#speed.value));
    });
    document.addEventListener("keydown", (event) => this.#press(event));
    new ResizeObserver(keepInView).observe(byId("transport"));
  }

  /** Operations done, as shown. */
  get position(): number {
    return this.#position;
  }

  /** Shows another tape, to be played at a speed. */
  load({ period, ...timelines }: Timelines & Rounds, speed: number): void {
    this.pause();
    this.#speed.value = String(speed);
    this.#rounds = { length: timelines.length, period };
    this.#timeline.load(timelines);
    this.#scrub.max = String(timelines.length);
    const highest = formatBytes(this.#timeline.highest);
    setText(byId("sparkline-text"), `Resident memory over time, up to ${highest}: left solid, right dashed.`);
  }

  /** Shows which operations are counted. */
  mark(range: Range | null): void {
    this.#range = range;
    this.#timeline.mark(range);
  }

  /** Shows a position that was reached; `isThere` if it is the one last asked for. */
  show(position: number, isThere: boolean): void {
    this.#position = position;
    if (isThere) this.#wanted = position;
    if (!this.#playingSince) this.#scrub.value = String(position);
    const text = `${formatCount(position)} of ${formatCount(this.#rounds.length)} operations`;
    setText(byId("position"), text);
    if (!this.#playingSince) {
      this.#scrub.setAttribute("aria-valuetext", text);
      if (isThere && this.#isMoved) say(text);
      if (isThere) this.#isMoved = false;
    }
    this.#timeline.show(position);
  }

  toggle(): void {
    if (this.#playingSince) {
      this.pause();
      this.#isMoved = true;
      this.onSeek(this.#position, true);
      return;
    }
    const start = this.#position >= this.#rounds.length ? 0 : this.#position;
    this.#playingSince = { time: performance.now(), position: start };
    this.#play.textContent = "Pause";
    requestAnimationFrame(() => this.#tick());
  }

  pause(): void {
    this.#playingSince = undefined;
    this.#play.textContent = "Play";
  }

  #restart(): void {
    if (this.#playingSince) this.#playingSince = { time: performance.now(), position: this.#position };
  }

  #tick(): void {
    if (!this.#playingSince) return;
    const { time, position } = this.#playingSince;
    const speed = Number(this.#speed.value) || this.#rounds.length / WHOLE_SECONDS;
    const passed = ((performance.now() - time) / 1000) * speed;
    const now = Math.min(this.#rounds.length, position + Math.floor(passed));
    this.#wanted = now;
    this.#scrub.value = String(now);
    if (now === this.#rounds.length) this.pause();
    this.onSeek(frameOf(now, speed, this.#rounds), !this.#playingSince);
    requestAnimationFrame(() => this.#tick());
  }

  #goTo(position: number): void {
    this.pause();
    const within = Math.min(this.#rounds.length, Math.max(0, position));
    this.#position = within;
    this.#wanted = within;
    this.#scrub.value = String(within);
    this.#isMoved = true;
    this.onSeek(within, true);
  }

  #count(from: number, to: number): void {
    if (from >= 0 && to <= this.#rounds.length) this.onRange([from, to]);
  }

  #press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
    if (event.key === " ") this.toggle();
    else if (event.key === ",") this.#goTo(this.#wanted - 1);
    else if (event.key === ".") this.#goTo(this.#wanted + 1);
    else if (event.key === "[")
      this.#count(this.#position, Math.max(this.#position + 1, this.#range?.[1] ?? this.#rounds.length));
    else if (event.key === "]")
      this.#count(Math.min(this.#position - 1, this.#range?.[0] ?? 0), this.#position);
    else if (event.key === "Escape" && this.#range && !isUnfolded()) this.onRange(null);
    else return;
    event.preventDefault();
  }
}

/** Lets the page scroll so that what gets the focus is not behind the bar, where that stays at the top. */
function keepInView(): void {
  const bar = byId("transport");
  const isSticky = getComputedStyle(bar).position === "sticky";
  document.documentElement.style.scrollPaddingTop = isSticky ? `${bar.offsetHeight + 8}px` : "";
}

/** Whether there is something over the page that Escape closes first. */
const isUnfolded = () => document.querySelector("details:is(.menu, #setup)[open]") !== null;

/** Whether what has the focus needs a key itself: text every key, and Space whatever it works. */
function isTaken({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("textarea, select, input:not([type=range], [type=checkbox])")) return true;
  return key === " " && target.closest("button, summary, a, input:not([type=range])") !== null;
}

function speedName(speed: number): string {
  return speed === 0 ? `all in ${WHOLE_SECONDS} s` : `${formatCount(speed)} a second`;
}
