/** What unfolds over the page: closed by Escape, and menus by a press beside them, and once something in them was chosen. */
import { byId } from "./dom.js";

export function keepMenus(): void {
  const open = () => [...document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")];
  document.addEventListener("pointerdown", ({ target }) => {
    for (const menu of open()) if (!(target instanceof Node && menu.contains(target))) menu.open = false;
  });
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest("details.menu a"))
      for (const menu of open()) menu.open = false;
  });
  byId("leave").addEventListener("click", () => {
    byId<HTMLDetailsElement>("setup").open = false;
    byId("setup").querySelector("summary")?.focus();
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details:is(.menu, #setup)[open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}
