/** Helpers for what is done to the document again and again. */

/** The element of index.html with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as T;
}

type Properties<K extends keyof HTMLElementTagNameMap> = Partial<
  Omit<HTMLElementTagNameMap[K], "attributes" | "children" | "dataset" | "style">
> & { attributes?: Record<string, string> };

/** Makes an element with properties, attributes and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { attributes = {}, ...properties }: Properties<K> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element as HTMLElementTagNameMap[K];
}

/** Sets text only if it differs, so as not to disturb what is read out or selected. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A text in which labels of allocators may go on in the next line at an option; copied, it is as it was. */
export const breakable = (text: string): (Node | string)[] =>
  text.split(/(?<=:)(?=\S)/).flatMap((part, i) => (i === 0 ? [part] : [make("wbr"), part]));

/** A colour of the style sheet, for light or dark as the page is. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Calls `draw` once in the next frame, however often it was asked for. */
export function oncePerFrame(draw: () => void): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      draw();
    });
  };
}
