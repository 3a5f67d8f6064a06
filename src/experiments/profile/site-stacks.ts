/** A profile by site as other tools know heap profiles: a sample for each site, with all that is told of it. */
import { totalFaults } from "../../allocator/counters.js";
import type { SampleType } from "../../profile/measures.js";
import type { Stack } from "../../profile/stacks.js";
import type { SiteUse } from "../../results/sites.js";

/** What a picture, or a file of one measure, may show of sites. */
export const SITE_VALUES = ["live", "peak", "allocated", "needless", "faults", "time"] as const;
export type SiteValue = (typeof SITE_VALUES)[number];

/** Those that depend on the allocator; the others are the program's own, and the same on each. */
export const ALLOCATOR_VALUES: readonly SiteValue[] = ["needless", "faults", "time"];

interface SiteMeasure extends SampleType {
  /** The word for it on the command line, if it has one. */
  value?: SiteValue;
  of(site: SiteUse): number;
}

/** All measures. The first four have the names of the heap profiles of Go. */
export const SITE_MEASURES: readonly SiteMeasure[] = [
  { name: "inuse_objects", unit: "count", of: ({ live }) => live.objects },
  { name: "inuse_space", unit: "bytes", value: "live", of: ({ live }) => live.bytes },
  { name: "alloc_objects", unit: "count", of: ({ allocated }) => allocated.objects },
  { name: "alloc_space", unit: "bytes", value: "allocated", of: ({ allocated }) => allocated.bytes },
  { name: "peak_objects", unit: "count", of: ({ peak }) => peak.objects },
  { name: "peak_space", unit: "bytes", value: "peak", of: ({ peak }) => peak.bytes },
  { name: "needless_space", unit: "bytes", value: "needless", of: ({ zeroed }) => zeroed.needless },
  { name: "faults", unit: "count", value: "faults", of: ({ faults }) => totalFaults(faults) },
  { name: "time", unit: "nanoseconds", value: "time", of: ({ seconds }) => Math.round(1e9 * seconds) },
];

/** A stack for each site, with values in the order of SITE_MEASURES. */
export function siteStacks(sites: readonly SiteUse[]): Stack[] {
  return sites.map((site) => ({ frames: site.frames, values: SITE_MEASURES.map(({ of }) => of(site)) }));
}

/** Where a value is among the measures. */
export function measureOf(value: SiteValue): number {
  return SITE_MEASURES.findIndex((measure) => measure.value === value);
}

/** What to show if nobody says: what is live at the end, or if all is freed by then, at the peak. */
export function chooseValue(sites: readonly SiteUse[]): "live" | "peak" {
  return sites.some(({ live }) => live.objects > 0) ? "live" : "peak";
}
