/** What a machine counts by the site of the operation: assembly/sites.ts. */
import { SITE_FIELDS, SITE_SYSCALLS, SITE_WALKED, SiteField } from "#shared/counters";
import { type Counters, type FaultKind, SYSCALLS, type Syscall } from "../allocator/counters.js";
import { recordOf } from "../base/enums.js";

/** What happened in the operations of one site, in the allocator and in the program's own accesses. */
export interface SiteEvents {
  faults: Record<FaultKind, number>;
  /** Bytes, as in Counters. */
  zeroed: Counters["zeroed"];
  syscalls: Record<Syscall, number>;
  /** Pages that system calls of each kind visited, as in Counters. */
  walked: Record<Syscall, number>;
}

/** The events of each site by number, from the words of their rows. */
export function siteEvents(words: readonly number[], pageBytes: number): SiteEvents[] {
  return Array.from({ length: words.length / SITE_FIELDS }, (_, site) => {
    const of = (field: number) => words[SITE_FIELDS * site + field] as number;
    const perSyscall = (first: number) => recordOf(SYSCALLS, (name) => of(first + SYSCALLS.indexOf(name)));
    return {
      faults: {
        zeroMap: of(SiteField.ZeroMap),
        zeroFill: of(SiteField.ZeroFill),
        copyOnWrite: of(SiteField.CopyOnWrite),
      },
      zeroed: {
        kernel: of(SiteField.KernelZeroedPages) * pageBytes,
        allocator: of(SiteField.AllocatorZeroedBytes),
        needless: of(SiteField.NeedlesslyClearedPages) * pageBytes + of(SiteField.NeedlesslyZeroedBytes),
      },
      syscalls: perSyscall(SITE_SYSCALLS),
      walked: perSyscall(SITE_WALKED),
    };
  });
}
