/** Numbers of the functions a profile tells apart, after those that every machine knows. */
import { Fn } from "../../machine/paths";
import { ModelFn } from "../../shared/libmalloc";

export const TINY_MALLOC: u32 = Fn.FirstOfModel + ModelFn.TinyMalloc;
export const FREE_TINY: u32 = Fn.FirstOfModel + ModelFn.FreeTiny;
export const SMALL_MALLOC: u32 = Fn.FirstOfModel + ModelFn.SmallMalloc;
export const FREE_SMALL: u32 = Fn.FirstOfModel + ModelFn.FreeSmall;
export const MEDIUM_MALLOC: u32 = Fn.FirstOfModel + ModelFn.MediumMalloc;
export const FREE_MEDIUM: u32 = Fn.FirstOfModel + ModelFn.FreeMedium;
export const LARGE_MALLOC: u32 = Fn.FirstOfModel + ModelFn.LargeMalloc;
export const FREE_LARGE: u32 = Fn.FirstOfModel + ModelFn.FreeLarge;
export const NANO_MALLOC: u32 = Fn.FirstOfModel + ModelFn.NanoMalloc;
export const FREE_NANO: u32 = Fn.FirstOfModel + ModelFn.FreeNano;
