/** The controls of a map: mouse, wheel, touch and keys. */

import { cellsOf } from "./layout.js";
import type { PageMap } from "./page-map.js";

/** Cells that the cursor moves at a press of Shift and an arrow. */
const FAR = 8;

/** Adds the controls to a map. */
export function putHandsOn(map: PageMap): void {
  const { canvas, text } = map;
  const under = ({ offsetX, offsetY }: MouseEvent) => map.cellAt(offsetX, offsetY);
  // Read out only while the map has the focus, and not while it plays.
  canvas.addEventListener("focus", () => text.setAttribute("aria-live", "polite"));
  canvas.addEventListener("blur", () => text.setAttribute("aria-live", "off"));
  canvas.addEventListener("pointermove", (event) => {
    if (!event.buttons) map.pointAt(under(event));
  });
  canvas.addEventListener("pointerdown", (event) => drag(map, event));
  canvas.addEventListener("dblclick", (event) => map.zoomBy(event.shiftKey ? 2 : -2, under(event)));
  canvas.addEventListener("keydown", (event) => press(map, event));
  const turn = (event: WheelEvent) => {
    // Otherwise the page could not be scrolled past the map.
    if (!event.ctrlKey && document.activeElement !== canvas) return;
    event.preventDefault();
    map.zoomBy(Math.sign(event.deltaY), under(event));
  };
  canvas.addEventListener("wheel", turn, { passive: false });
}

/** Moves the map with the pointer until the pointer is released. */
function drag(map: PageMap, { offsetX, offsetY, pointerId }: PointerEvent): void {
  const { canvas, window: from } = map;
  const grabbed = map.cellAt(offsetX, offsetY);
  map.pointAt(grabbed);
  canvas.setPointerCapture(pointerId);
  const move = (event: PointerEvent) => {
    const cell = map.cellAt(event.offsetX, event.offsetY);
    if (cell !== grabbed) map.moveBy(grabbed - cell, from);
  };
  canvas.addEventListener("pointermove", move);
  const letGo = () => canvas.removeEventListener("pointermove", move);
  canvas.addEventListener("lostpointercapture", letGo, { once: true });
}

function press(map: PageMap, event: KeyboardEvent): void {
  const far = event.shiftKey ? FAR : 1;
  const actions: Record<string, () => void> = {
    ArrowLeft: () => map.moveCursor(-far, 0),
    ArrowRight: () => map.moveCursor(far, 0),
    ArrowUp: () => map.moveCursor(0, -far),
    ArrowDown: () => map.moveCursor(0, far),
    PageUp: () => map.moveBy(-cellsOf(map.grid)),
    PageDown: () => map.moveBy(cellsOf(map.grid)),
    "+": () => map.zoomBy(-1),
    "=": () => map.zoomBy(-1),
    "-": () => map.zoomBy(1),
    Home: () => map.follow(),
    Enter: () => map.ask(),
  };
  const action = event.ctrlKey || event.metaKey ? undefined : actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}
