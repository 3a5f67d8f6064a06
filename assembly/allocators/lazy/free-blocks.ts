/** Tells of the free blocks of every region, and of what was never cut off it. */
import { peek } from "../../machine/access";
import { linkAt, tell } from "../free-blocks";
import * as regions from "./regions";
import { REGION_BYTES } from "./regions";
import { BUMP, bytesOf, CLASS, FREE } from "./small";

// Numbers of the lists in src/sandbox/models.ts.
const FREED: u32 = 0;
const FRESH: u32 = 1;

export function tellFree(): void {
  for (let slot: u32 = 0; slot < regions.SLOTS; slot++) {
    const region = regions.regionIn(slot);
    if (region) tellRegion(region);
  }
}

function tellRegion(region: u64): void {
  const bytes = bytesOf(peek<u32>(region + CLASS));
  const bump = peek<u64>(region + BUMP);
  tell(bump, bytes * ((region + REGION_BYTES - bump) / bytes), FRESH);
  for (let block = peek<u64>(region + FREE); block; block = linkAt(block)) {
    if (!tell(block, bytes, FREED)) return;
  }
}
