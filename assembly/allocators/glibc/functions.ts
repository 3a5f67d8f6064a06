/** Numbers of the functions that a profile tells apart, after those that every machine knows. */
import { Fn } from "../../machine/paths";
import { ModelFn } from "../../shared/glibc";

export const SYSMALLOC: u32 = Fn.FirstOfModel + ModelFn.Sysmalloc;
export const SYSTRIM: u32 = Fn.FirstOfModel + ModelFn.Systrim;
export const MALLOC_CONSOLIDATE: u32 = Fn.FirstOfModel + ModelFn.MallocConsolidate;
export const MUNMAP_CHUNK: u32 = Fn.FirstOfModel + ModelFn.MunmapChunk;
export const MREMAP_CHUNK: u32 = Fn.FirstOfModel + ModelFn.MremapChunk;
