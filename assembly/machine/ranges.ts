/** The ranges of pages that system calls are given. */
import { pageMask, pageShift, USER_END, USER_START } from "./layout";
import { firstUnmapped } from "./table";

export function pagesIn(bytes: u64): u64 {
  return bytes >> pageShift;
}

/** Whether [address, address + bytes) lies in the user's part of the address space. */
export function isUserRange(address: u64, bytes: u64): bool {
  return address >= USER_START && bytes <= USER_END && address + bytes <= USER_END;
}

export function isAligned(address: u64): bool {
  return (address & pageMask) == 0;
}

/** Whether all of a range of pages is mapped. Not a system call. */
export function isMapped(address: u64, bytes: u64): bool {
  const first = address >> pageShift;
  const count = pagesIn(bytes);
  return firstUnmapped(first, count) == first + count;
}
