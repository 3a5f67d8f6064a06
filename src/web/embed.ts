/** The page in an article of others, by ?embed: the point, both maps, and play. */
import { byId } from "./dom.js";

const isEmbedded = new URLSearchParams(location.search).has("embed");

/** Leaves out what an article does not need, and links to the whole page. */
export function embed(): void {
  document.body.classList.toggle("embed", isEmbedded);
  const link = byId<HTMLAnchorElement>("whole");
  link.hidden = !isEmbedded;
  // The view may be another one by now.
  const update = () => {
    link.href = `${location.pathname}${location.hash}`;
  };
  update();
  for (const event of ["pointerdown", "focus"]) link.addEventListener(event, update);
}
