/** The account of what sites hold, beside one that is kept as simply as can be. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SiteLedger } from "../../../src/experiments/profile/site-ledger.js";
import { TraceEncoder } from "../../../src/trace/encode.js";

const STEP = fc.record({
  what: fc.constantFrom("malloc", "calloc", "aligned", "realloc", "free", "write", "mark"),
  key: fc.nat(6),
  bytes: fc.nat(50),
  site: fc.nat(3),
  fails: fc.boolean(),
});

interface Held {
  site: number;
  bytes: number;
}

/** What was live at one moment: its objects, by key. */
type Moment = ReadonlyMap<number, Held>;

const bytesOf = (held: Iterable<Held>) => [...held].reduce((sum, { bytes }) => sum + bytes, 0);

const amount = (held: readonly Held[], site: number) => {
  const its = held.filter((one) => one.site === site);
  return { objects: its.length, bytes: bytesOf(its) };
};

test("a site holds what was allocated there and not freed, now and when the most was held", () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 60 }), fc.nat(1000), (steps, seed) => {
      const encoder = new TraceEncoder();
      const ledger = new SiteLedger();
      const known = new Set<number>();
      const live = new Map<number, Held>();
      const allocated: Held[] = [];
      const addresses: number[] = [];
      let most: Moment = new Map();
      let records = 0;
      for (const [i, { what, key, bytes, site, fails }] of steps.entries()) {
        if (what === "mark") encoder.mark(`${i}`);
        const allocates = what === "malloc" || what === "calloc" || what === "aligned";
        if (what !== "mark" && allocates === known.has(key)) continue;
        if (what !== "mark" && site > 0) encoder.site(`site ${site}`);
        if (what === "malloc") encoder.malloc(key, bytes);
        if (what === "calloc") encoder.calloc(key, 3, bytes);
        if (what === "aligned") encoder.aligned(key, 16, bytes);
        if (what === "realloc") encoder.realloc(key, bytes);
        if (what === "free") encoder.free(key);
        if (what === "write") encoder.write(key, 0, 0);
        const isNew = allocates || what === "realloc";
        for (; records < encoder.count; records++) {
          addresses.push(records === encoder.count - 1 && isNew && !fails ? 4096 : 0);
        }
        if (allocates) known.add(key);
        if (what === "free") known.delete(key);
        const size = what === "calloc" ? 3 * bytes : bytes;
        if (what === "free" || (what === "realloc" && (size === 0 || !fails))) live.delete(key);
        if (isNew && !fails) {
          live.set(key, { site, bytes: size });
          allocated.push({ site, bytes: size });
        }
        if (bytesOf(live.values()) > bytesOf(most.values())) most = new Map(live);
      }
      const names: { sites?: readonly string[] } & Parameters<TraceEncoder["note"]>[0] = {
        format: "text",
        losses: [],
      };
      encoder.note(names);
      const chunk = encoder.take();
      const cut = seed % (addresses.length + 1);
      ledger.follow(addresses.slice(0, cut), chunk);
      ledger.follow(addresses.slice(cut), chunk);
      for (const [number, name] of (names.sites ?? ["unknown"]).entries()) {
        const site = name === "unknown" ? 0 : Number(name.slice(5));
        expect(ledger.of(number)).toEqual({
          live: amount([...live.values()], site),
          peak: amount([...most.values()], site),
          allocated: amount(allocated, site),
        });
      }
    }),
    { numRuns: 500 },
  );
});
