/** How a program uses the memory it gets. */

/** Bytes of one load or store. */
export type Width = 1 | 2 | 4 | 8;
export const WIDTHS: readonly Width[] = [1, 2, 4, 8];

/**
 * What the program touches of each object it gets, where a trace does not say: nothing, its first
 * byte, a byte of each of its pages, or all of it. The touch is a write without data.
 */
export const TOUCH_POLICIES = ["none", "first", "pages", "object"] as const;
export type TouchPolicy = (typeof TOUCH_POLICIES)[number];
