/** Numbers of the functions that a profile tells apart, in the order of src/sandbox/models.ts. */
import { Fn } from "../../machine/paths";

export const SYSMALLOC: u32 = Fn.FirstOfModel;
export const SYSTRIM: u32 = Fn.FirstOfModel + 1;
export const MALLOC_CONSOLIDATE: u32 = Fn.FirstOfModel + 2;
export const MUNMAP_CHUNK: u32 = Fn.FirstOfModel + 3;
export const MREMAP_CHUNK: u32 = Fn.FirstOfModel + 4;
