/** The controls of a map: mouse, wheel, touch and keys. */

import type { PageMap } from "./page-map.js";

/** Cells that the choice moves at a press of Shift and an arrow. */
const FAR = 8;

/** Pixels that a wheel turns for one level of zoom: a notch of a mouse. A touchpad tells of a few at a time. */
const LEVEL_PIXELS = 100;
/** Pixels of what a wheel counts in: pixels, lines, pages. */
const UNIT_PIXELS = [1, 100 / 3, 300] as const;

/** Adds the controls to a map. */
export function putHandsOn(map: PageMap): void {
  const { canvas } = map;
  const under = ({ offsetX, offsetY }: MouseEvent) => map.addressUnder(offsetX, offsetY);
  canvas.addEventListener("focus", () => map.tell());
  canvas.addEventListener("pointermove", (event) => {
    if (!event.buttons) map.pointAt(under(event) ?? null);
  });
  canvas.addEventListener("pointerleave", () => map.pointAt(null));
  canvas.addEventListener("pointerdown", (event) => drag(map, event));
  canvas.addEventListener("dblclick", (event) => map.zoomBy(event.shiftKey ? 2 : -2, under(event)));
  canvas.addEventListener("keydown", (event) => press(map, event));
  const levelsOf = wheelLevels();
  const turn = (event: WheelEvent) => {
    // Otherwise the page could not be scrolled past the map.
    if (!event.ctrlKey && document.activeElement !== canvas) return;
    event.preventDefault();
    const levels = levelsOf(event);
    if (levels !== 0) map.zoomBy(levels, under(event));
  };
  canvas.addEventListener("wheel", turn, { passive: false });
}

/** Sums up turns of the wheel to whole levels. A turn the other way begins anew. */
function wheelLevels(): (event: WheelEvent) => number {
  let turned = 0;
  return ({ deltaY, deltaMode }) => {
    if (Math.sign(deltaY) !== Math.sign(turned)) turned = 0;
    turned += (deltaY * (UNIT_PIXELS[deltaMode] ?? 1)) / LEVEL_PIXELS;
    const levels = Math.trunc(turned);
    turned -= levels;
    return levels;
  };
}

/** Moves the map with the pointer until the pointer is released. If it did not move, chooses the page under it. */
function drag(map: PageMap, { offsetX, offsetY, pointerId }: PointerEvent): void {
  const { canvas } = map;
  const pressed = map.addressUnder(offsetX, offsetY);
  let [grabbed, hasMoved] = [map.rowUnder(offsetY), false];
  canvas.setPointerCapture(pointerId);
  const move = (event: PointerEvent) => {
    const row = map.rowUnder(event.offsetY);
    hasMoved ||= row !== grabbed;
    map.moveBy(grabbed - row);
    grabbed = row;
  };
  canvas.addEventListener("pointermove", move);
  const letGo = () => {
    canvas.removeEventListener("pointermove", move);
    if (!hasMoved && pressed !== undefined) map.pick(pressed);
  };
  canvas.addEventListener("lostpointercapture", letGo, { once: true });
}

function press(map: PageMap, event: KeyboardEvent): void {
  const far = event.shiftKey ? FAR : 1;
  const actions: Record<string, () => void> = {
    ArrowLeft: () => map.pickNext(-far, 0),
    ArrowRight: () => map.pickNext(far, 0),
    ArrowUp: () => map.pickNext(0, -far),
    ArrowDown: () => map.pickNext(0, far),
    PageUp: () => map.moveBy(-map.grid.rows),
    PageDown: () => map.moveBy(map.grid.rows),
    "+": () => map.zoomBy(-1),
    "=": () => map.zoomBy(-1),
    "-": () => map.zoomBy(1),
    Home: () => map.showAll(),
    Enter: () => map.ask(),
  };
  const action = event.ctrlKey || event.metaKey ? undefined : actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}
