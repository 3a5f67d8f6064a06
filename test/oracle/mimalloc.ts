/** Debian's mimalloc, which the model of it is compared with. */
import type { Library } from "./preloaded.js";
import { randomMimalloc } from "./random-mimalloc.js";

export const mimalloc: Library = {
  name: "mimalloc",
  subject: "mimalloc 2.0.9",
  file: "/usr/lib/x86_64-linux-gnu/libmimalloc.so.2.0",
  package: "libmimalloc2.0",
  environmentOf: (options) =>
    Object.fromEntries(
      Object.entries(options).map(([name, value]) => [`MIMALLOC_${name.toUpperCase()}`, `${value}`]),
    ),
  // Where it begins is drawn anew in each run, and told apart from addresses (observation.ts).
  seededBy: () => ({}),
  steady: () => [],
  tellsStats: true,
  random: randomMimalloc,
  settings: [
    {},
    { clock: 1_000_000 },
    { options: { decommit_delay: 0, segment_decommit_delay: 0 } },
    { options: { allow_decommit: "0" } },
    { options: { eager_commit: "0" }, clock: 300_000 },
    { options: { page_reset: "1" } },
    { options: { decommit_delay: 3, segment_decommit_delay: 40, decommit_extend_delay: 7 }, clock: 200_000 },
  ],
};
