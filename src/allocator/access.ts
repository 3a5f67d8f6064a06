/** How a program uses the memory it gets. */
import { Touch } from "#shared/records";
import { type NameOf, namesOf } from "../base/enums.js";

/** Bytes of one load or store. */
export type Width = 1 | 2 | 4 | 8;
export const WIDTHS: readonly Width[] = [1, 2, 4, 8];

/**
 * What the program touches of each object it gets, where a trace does not say: nothing, its first
 * byte, a byte of each of its pages, or all of it. The touch is a write without data.
 *
 * @useDeclaredType
 */
export type TouchPolicy = NameOf<typeof Touch>;
/** All of them, in the order above. */
export const TOUCH_POLICIES: readonly TouchPolicy[] = namesOf(Touch);
