/** Numbers of the functions that a profile tells apart, after those that every layer has. */
import { FIRST_OF_LAYER } from "../../shared/counters";
import { Below } from "../../shared/layer";
import { ModelFn } from "../../shared/pymalloc";

const FIRST: u32 = FIRST_OF_LAYER + Below.Count;

export const ALLOCATE_FROM_NEW_POOL: u32 = FIRST + ModelFn.AllocateFromNewPool;
export const NEW_ARENA: u32 = FIRST + ModelFn.NewArena;
export const ARENA_MAP_MARK_USED: u32 = FIRST + ModelFn.ArenaMapMarkUsed;
