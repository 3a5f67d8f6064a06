/** A tune in Node and in browsers: the same, to the digit. */
import { expect, it } from "vitest";
import { collectTrace, generateTrace, parseWorkload, tune } from "../../src/index.js";

it("finds the same on every host", async () => {
  const trace = await collectTrace(generateTrace(parseWorkload("zipf:ops=800:live=100:seed=9")));
  const report = await tune({
    traces: [{ name: "zipf", ...trace }],
    ...{ goal: "time", touch: "pages", settings: 10 },
  });
  const figures = report.results.map(({ allocator, options, outcome }) => [
    allocator,
    options,
    outcome.state === "done" ? [outcome.figures[0]?.faults, outcome.figures[0]?.peakResident] : outcome.state,
  ]);
  expect({ figures, recommended: report.recommendation?.result }).toMatchInlineSnapshot(`
    {
      "figures": [
        [
          "glibc",
          {},
          [
            13,
            53248,
          ],
        ],
        [
          "jemalloc",
          {},
          [
            47,
            278528,
          ],
        ],
        [
          "mimalloc",
          {},
          [
            59,
            241664,
          ],
        ],
        [
          "tcmalloc",
          {},
          [
            66,
            2408448,
          ],
        ],
        [
          "glibc",
          {
            "mmapThreshold": 32768,
          },
          [
            13,
            53248,
          ],
        ],
        [
          "jemalloc",
          {
            "dirty_decay_ms": -1,
          },
          [
            47,
            278528,
          ],
        ],
        [
          "mimalloc",
          {
            "decommit_delay": 0,
          },
          [
            59,
            241664,
          ],
        ],
        [
          "tcmalloc",
          {
            "releaseRate": 0,
          },
          [
            66,
            2408448,
          ],
        ],
        [
          "glibc",
          {
            "mmapThreshold": 131072,
          },
          [
            13,
            53248,
          ],
        ],
        [
          "jemalloc",
          {
            "dirty_decay_ms": 0,
          },
          [
            47,
            278528,
          ],
        ],
      ],
      "recommended": 0,
    }
  `);
});
