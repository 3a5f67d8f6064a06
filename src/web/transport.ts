/** The controls of time: play, pause, step, scrub, and a small picture of resident memory behind the slider. */
import { formatBytes, formatCount, type TimelinePoint } from "../index.js";
import { say } from "./announcer.js";
import { byId, colour, make, oncePerFrame, setText } from "./dom.js";
import { frameOf, SPEEDS, WHOLE_SECONDS } from "./playback.js";

export interface Timelines {
  length: number;
  /** Operations of one round of a loop; `length` of what is run once. */
  period: number;
  sides: readonly (readonly TimelinePoint[])[];
}

export class Transport {
  #position = 0;
  /** The position last asked for. A step starts from it, because what is shown may lag behind. */
  #wanted = 0;
  /** Whether the person went elsewhere, and was not told yet where that is. */
  #isMoved = false;
  #timelines: Timelines = { length: 0, period: 0, sides: [] };
  #playingSince: { time: number; position: number } | undefined;

  readonly #scrub = byId<HTMLInputElement>("scrub");
  readonly #play = byId<HTMLButtonElement>("play");
  readonly #speed = byId<HTMLSelectElement>("speed");
  readonly #canvas = byId<HTMLCanvasElement>("sparkline");
  readonly #redraw = oncePerFrame(() => this.#draw());

  /**
   * @param onSeek called with a new position; `settled` if the person stays there.
   * @param onSpeed called with the speed that the person chose.
   */
  constructor(
    private readonly onSeek: (position: number, settled: boolean) => void,
    onSpeed: (speed: number) => void,
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
    press("to-end", () => this.#timelines.length);
    this.#play.addEventListener("click", () => this.toggle());
    this.#speed.addEventListener("change", () => {
      this.#restart();
      onSpeed(Number(this.#speed.value));
    });
    document.addEventListener("keydown", (event) => this.#press(event));
    this.#canvas.addEventListener("pointerdown", (event) => {
      this.#canvas.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    this.#canvas.addEventListener("pointermove", (event) => {
      if (event.buttons) this.#point(event);
    });
    new ResizeObserver(this.#redraw).observe(this.#canvas);
    new ResizeObserver(keepInView).observe(byId("transport"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.#redraw);
  }

  /** Operations done, as shown. */
  get position(): number {
    return this.#position;
  }

  /** Shows another tape, to be played at a speed. */
  load(timelines: Timelines, speed: number): void {
    this.pause();
    this.#speed.value = String(speed);
    this.#timelines = timelines;
    this.#scrub.max = String(timelines.length);
    const highest = formatBytes(this.#highest());
    setText(byId("sparkline-text"), `Resident memory over time, up to ${highest}: left solid, right dashed.`);
    this.#redraw();
  }

  /** Shows a position that was reached; `isThere` if it is the one last asked for. */
  show(position: number, isThere: boolean): void {
    this.#position = position;
    if (isThere) this.#wanted = position;
    if (!this.#playingSince) this.#scrub.value = String(position);
    const text = `${formatCount(position)} of ${formatCount(this.#timelines.length)} operations`;
    setText(byId("position"), text);
    if (!this.#playingSince) {
      this.#scrub.setAttribute("aria-valuetext", text);
      if (isThere && this.#isMoved) say(text);
      if (isThere) this.#isMoved = false;
    }
    this.#redraw();
  }

  toggle(): void {
    if (this.#playingSince) {
      this.pause();
      this.#isMoved = true;
      this.onSeek(this.#position, true);
      return;
    }
    const start = this.#position >= this.#timelines.length ? 0 : this.#position;
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
    const speed = Number(this.#speed.value) || this.#timelines.length / WHOLE_SECONDS;
    const passed = ((performance.now() - time) / 1000) * speed;
    const now = Math.min(this.#timelines.length, position + Math.floor(passed));
    this.#wanted = now;
    this.#scrub.value = String(now);
    if (now === this.#timelines.length) this.pause();
    this.onSeek(frameOf(now, speed, this.#timelines), !this.#playingSince);
    requestAnimationFrame(() => this.#tick());
  }

  #goTo(position: number): void {
    this.pause();
    const within = Math.min(this.#timelines.length, Math.max(0, position));
    this.#position = within;
    this.#wanted = within;
    this.#scrub.value = String(within);
    this.#isMoved = true;
    this.onSeek(within, true);
  }

  #press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
    if (event.key === " ") this.toggle();
    else if (event.key === ",") this.#goTo(this.#wanted - 1);
    else if (event.key === ".") this.#goTo(this.#wanted + 1);
    else return;
    event.preventDefault();
  }

  /** Goes where the picture is pressed, and along with the pointer. */
  #point({ offsetX }: PointerEvent): void {
    const { clientWidth } = this.#canvas;
    this.#goTo(Math.round((this.#timelines.length * (offsetX - 1)) / Math.max(1, clientWidth - 2)));
  }

  // ---- The picture ----

  #highest(): number {
    return this.#timelines.sides.flat().reduce((most, { resident }) => Math.max(most, resident), 0);
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const context = this.#canvas.getContext("2d");
    if (!context || width === 0) return;
    this.#canvas.width = width * devicePixelRatio;
    this.#canvas.height = height * devicePixelRatio;
    context.scale(devicePixelRatio, devicePixelRatio);
    const x = (operation: number) => (operation / Math.max(1, this.#timelines.length)) * (width - 2) + 1;
    const highest = Math.max(1, this.#highest());
    const y = (bytes: number) => height - 2 - (bytes / highest) * (height - 4);
    for (const [side, points] of this.#timelines.sides.entries()) {
      context.beginPath();
      context.moveTo(x(0), y(0));
      for (const { operation, resident } of points) context.lineTo(x(operation), y(resident));
      context.setLineDash(side === 0 ? [] : [5, 3]);
      context.strokeStyle = colour(side === 0 ? "left" : "right");
      context.lineWidth = 2;
      context.stroke();
    }
    context.fillStyle = colour("cursor");
    context.fillRect(x(this.#position) - 0.5, 0, 1, height);
  }
}

/** Lets the page scroll so that what gets the focus is not behind the bar, where that stays at the top. */
function keepInView(): void {
  const bar = byId("transport");
  const isSticky = getComputedStyle(bar).position === "sticky";
  document.documentElement.style.scrollPaddingTop = isSticky ? `${bar.offsetHeight + 8}px` : "";
}

/** Whether what has the focus needs a key itself: text every key, and Space whatever it works. */
function isTaken({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("textarea, select, input:not([type=range], [type=checkbox])")) return true;
  return key === " " && target.closest("button, summary, a, input:not([type=range])") !== null;
}

function speedName(speed: number): string {
  return speed === 0 ? `all in ${WHOLE_SECONDS} s` : `${formatCount(speed)} a second`;
}
