/** What a module says of failures, and of itself, by number: the words, and what it means for the machine. */
import { Broken, Exception, Failure, RecordField } from "#shared/failure";
import type { AllocationFailure } from "../allocator/failure.js";
import type { Trap } from "./traps.js";

/** What each kind of failure is called. */
export const FAILURES: Record<Failure, AllocationFailure["kind"] | undefined> = {
  [Failure.None]: undefined,
  [Failure.Memory]: "memory",
  [Failure.AddressSpace]: "address-space",
  [Failure.Overflow]: "overflow",
  [Failure.Argument]: "argument",
  [Failure.Maps]: "maps",
};

/** What a user can do about it. */
export const REMEDIES: Record<AllocationFailure["kind"], string> = {
  memory: "ask for less, or raise the option memory",
  "address-space": "free something, or raise the option addressSpace",
  maps: "free something next to what is free, or raise the option maxMaps",
  overflow: "count times size must stay below 2^64",
  argument: "the allocator or the kernel does not accept these arguments",
};

/** What the machine says is broken, in words. */
export const BROKEN: Record<Broken, string> = {
  [Broken.Nothing]: "",
  [Broken.RegionTree]: "the tree of regions is inconsistent",
  [Broken.RegionsAgainstTable]: "regions do not cover exactly the mapped pages",
  [Broken.VirtualPages]: "mapped pages do not add up to the virtual size",
  [Broken.ResidentPages]: "owned frames do not add up to the resident size",
  [Broken.StoredContents]: "stored contents do not add up",
  [Broken.Sharings]: "sharings do not add up",
  [Broken.PageState]: "a page is in an impossible state",
  [Broken.ZeroFrame]: "the zero page is not zero",
  [Broken.Areas]: "the kernel's areas are not sound",
  [Broken.Spaces]: "address spaces do not add up",
  [Broken.Files]: "files, or what maps them, do not add up",
  [Broken.Promises]: "more memory is promised than may be",
};

/** What was done when a trap came: `access` gets frames for all its pages or for none, and `look` changes nothing. */
export type Work = "changes" | "access" | "look";

/** Takes from linear memory why the last call returned 0: the record at this address. */
export function takeFailure(memory: DataView, at: number): AllocationFailure {
  const word = (field: RecordField) => memory.getBigUint64(at + field, true);
  const kind = FAILURES[Number(word(RecordField.Failure)) as Failure] ?? "argument";
  const requested = word(RecordField.Requested);
  const bytes = requested === 2n ** 64n - 1n ? Number.POSITIVE_INFINITY : Number(requested);
  const available = Number(word(RecordField.Available));
  memory.setBigUint64(at + RecordField.Failure, 0n, true);
  return { kind, requested: bytes, available, remedy: REMEDIES[kind] };
}

/** Whether a trap may leave behind what is neither as before nor as after. */
export function isHalfDone({ exception, looked }: Trap, work: Work): boolean {
  if (work === "look") return false;
  if (exception === Exception.AllocatorAbort || exception === Exception.SegmentationFault)
    return work !== "access" && !looked;
  if (exception === Exception.OutOfMemory) return work !== "access";
  return (
    exception === Exception.HostOutOfMemory ||
    exception === Exception.BrokenInvariant ||
    exception === Exception.None
  );
}
