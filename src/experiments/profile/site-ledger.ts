import { TraceError } from "../../base/errors.js";
import type { Amount, SiteUse } from "../../results/sites.js";
import { bytesAsked, type Operation, OpKind, TraceRecords } from "../../trace/records.js";
import type { TraceChunk } from "../../trace/trace.js";

/** What a site holds. */
export type Holding = Pick<SiteUse, "live" | "peak" | "allocated">;

const none = (): Amount => ({ objects: 0, bytes: 0 });

/**
 * Keeps account of what each site of a trace allocates and holds, from the operations and what they returned.
 *
 *      // live bytes of all sites together == held;  held <= most
 *      // where a site did not change since `held` was `most`, its peak == its live
 */
export class SiteLedger {
  readonly #sites: Holding[] = [];
  #current = 0;
  /** By slot: the site of its object, and the object's bytes. */
  readonly #objects = new Map<number, { site: number; bytes: number }>();
  #held = 0;
  #most = 0;
  /** The sites that changed since the program held the most: so the peak costs no more than the changes do. */
  readonly #changed = new Set<number>();
  #chunk: TraceChunk | undefined;
  #done = 0;

  /** Follows the chunk's next operations, one for each address that was returned. */
  follow(addresses: readonly number[], chunk: TraceChunk): void {
    if (chunk !== this.#chunk) this.#done = 0;
    this.#chunk = chunk;
    const records = new TraceRecords(chunk.records);
    for (const address of addresses) this.#operation(records.read(this.#done++), address);
  }

  /** What a site holds, by number. */
  of(site: number): Holding {
    this.#sites[site] ??= { live: none(), peak: none(), allocated: none() };
    return this.#sites[site];
  }

  #operation({ kind, slot, first, second }: Operation, address: number): void {
    if (kind === OpKind.site) this.#current = first;
    if (kind >= OpKind.process) {
      throw new TraceError(
        "a trace of several processes has no account by site: each has objects of its own",
      );
    }
    if (kind > OpKind.free) return;
    const bytes = kind === OpKind.free ? 0 : bytesAsked(kind, first, second);
    // A realloc that fails keeps the object.
    if (kind === OpKind.realloc && address === 0 && bytes > 0) return;
    this.#release(slot);
    if (kind !== OpKind.free && address !== 0) this.#hold(slot, bytes);
  }

  #hold(slot: number, bytes: number): void {
    const { live, allocated } = this.of(this.#current);
    for (const amount of [live, allocated]) change(amount, 1, bytes);
    this.#objects.set(slot, { site: this.#current, bytes });
    this.#changed.add(this.#current);
    this.#held += bytes;
    if (this.#held > this.#most) this.#keepPeak();
  }

  #release(slot: number): void {
    const object = this.#objects.get(slot);
    if (!object) return;
    this.#objects.delete(slot);
    change(this.of(object.site).live, -1, -object.bytes);
    this.#changed.add(object.site);
    this.#held -= object.bytes;
  }

  #keepPeak(): void {
    this.#most = this.#held;
    for (const site of this.#changed) Object.assign(this.of(site).peak, this.of(site).live);
    this.#changed.clear();
  }
}

function change(amount: Amount, objects: number, bytes: number): void {
  amount.objects += objects;
  amount.bytes += bytes;
}
