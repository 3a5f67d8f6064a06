/** Numbers of the functions a profile tells apart, in the order of src/sandbox/models.ts. */
import { Fn } from "../../machine/paths";

export const TINY_MALLOC: u32 = Fn.FirstOfModel;
export const FREE_TINY: u32 = Fn.FirstOfModel + 1;
export const SMALL_MALLOC: u32 = Fn.FirstOfModel + 2;
export const FREE_SMALL: u32 = Fn.FirstOfModel + 3;
export const MEDIUM_MALLOC: u32 = Fn.FirstOfModel + 4;
export const FREE_MEDIUM: u32 = Fn.FirstOfModel + 5;
export const LARGE_MALLOC: u32 = Fn.FirstOfModel + 6;
export const FREE_LARGE: u32 = Fn.FirstOfModel + 7;
