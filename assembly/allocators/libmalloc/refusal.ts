/** What is said of a pointer that no live block starts at. */
import { Message } from "../../shared/libmalloc";
import { refuse } from "../allocator";
import { medium, small, tiny } from "./racks";
import { freesDirectly, reallocSaysFreed } from "./versions";

/** Aborts a free, of which nothing was done. Releases that look for a size first find none, whatever the pointer was once. */
export function refuseFree(pointer: u64): void {
  refuse(freesDirectly ? messageOfZone(pointer) : Message.NotAllocated, pointer);
}

/** The zone claims what is on a quantum of its regions. What was merged into a neighbour it does not know any more. */
function messageOfZone(pointer: u64): Message {
  if (tiny.holds(pointer)) {
    if (!tiny.isOnQuantum(pointer)) return Message.NotAllocated;
    if (!tiny.isPayload(pointer)) return Message.Metadata;
    return tiny.isFreed(pointer) ? Message.DoubleFreeOfTiny : Message.NotAllocated;
  }
  const isFreed = small.isFreedHere(pointer) || medium.isFreedHere(pointer);
  return isFreed ? Message.DoubleFree : Message.NotAllocated;
}

/** Aborts a realloc, of which nothing was done. */
export function refuseRealloc(pointer: u64): void {
  refuse(reallocSaysFreed ? Message.NotAllocated : Message.NotAllocatedForRealloc, pointer);
}
