/** Numbers of the functions that a profile tells apart, after those that every machine knows. */
import { Fn } from "../../machine/paths";
import { ModelFn } from "../../shared/tcmalloc";

export const FETCH_FROM_CENTRAL_CACHE: u32 = Fn.FirstOfModel + ModelFn.FetchFromCentralCache;
export const RELEASE_TO_CENTRAL_CACHE: u32 = Fn.FirstOfModel + ModelFn.ReleaseToCentralCache;
export const SCAVENGE: u32 = Fn.FirstOfModel + ModelFn.Scavenge;
export const NEW: u32 = Fn.FirstOfModel + ModelFn.New;
export const DELETE: u32 = Fn.FirstOfModel + ModelFn.Delete;
export const GROW_HEAP: u32 = Fn.FirstOfModel + ModelFn.GrowHeap;
export const RELEASE_AT_LEAST_N_PAGES: u32 = Fn.FirstOfModel + ModelFn.ReleaseAtLeastNPages;
