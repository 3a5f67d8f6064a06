/** What a machine counts by the site of the operation: assembly/sites.ts. */
import { SiteField } from "#shared/sites";
import type { Counters, FaultKind } from "../allocator/counters.js";

/** What happened in the operations of one site, in the allocator and in the program's own accesses. */
export interface SiteEvents {
  faults: Record<FaultKind, number>;
  /** Bytes, as in Counters. */
  zeroed: Counters["zeroed"];
}

/** The events of each site by number, from the words of their rows. */
export function siteEvents(words: readonly number[], pageBytes: number): SiteEvents[] {
  return Array.from({ length: words.length / SiteField.Count }, (_, site) => {
    const of = (field: SiteField) => words[SiteField.Count * site + field] as number;
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
    };
  });
}
