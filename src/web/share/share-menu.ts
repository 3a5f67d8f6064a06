/** The menu to share what is seen. What is in it is loaded when it is opened first. */
import { byId } from "../dom.js";
import type { Shared } from "./shared.js";

export function offerSharing(shared: () => Shared | undefined): void {
  const menu = byId<HTMLDetailsElement>("share-menu");
  menu.addEventListener("toggle", async () => {
    if (!menu.open) return;
    const { fillMenu } = await import("./share-panel.js");
    fillMenu(byId("share"), shared());
  });
}
