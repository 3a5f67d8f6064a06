import { expect, test } from "vitest";
import { callocLoopSheet } from "../../src/experiments/calloc-loop/sheet.js";
import { renderMarkdown } from "../../src/report/markdown.js";
import type { Report } from "../../src/results/run.js";
import { benfield } from "../results/fakes.js";

const markdownReport = (report: Report) => renderMarkdown(callocLoopSheet(report));

test("Benfield's experiment reads as a Markdown table and a list", () => {
  expect(markdownReport(benfield)).toMatchInlineSnapshot(`
    "p = calloc(1, n); free(p), 10,000 times, nothing written between

    | allocator | size | cost | faults | zeroed by kernel | zeroed by allocator | needless share | peak resident | simulated time | host time |
    | :-- | --: | :-- | --: | --: | --: | --: | --: | --: | --: |
    | naive | 100 MiB | linear | 256,000,000 | 976.6 GiB | 976.6 GiB | 100% | 100 MiB | 932 s | 21.3 ms |
    | lazy | 100 MiB | constant | 0 | 0 | 0 | - | 0 | 195 ms | 4.51 ms |
    | libmalloc | 100 MiB | linear | 25,600 | 100 MiB | 976.5 GiB | 100% | 100 MiB | 423 s | 14.2 ms |
    | naive | 1,000 MiB | linear | 2,560,000,000 | 9.5 TiB | 9.5 TiB | 100% | 1,000 MiB | 9,319 s | 105 ms |
    | lazy | 1,000 MiB | constant | 0 | 0 | 0 | - | 0 | 195 ms | 4.62 ms |
    | libmalloc | 1,000 MiB | constant | 0 | 0 | 0 | - | 0 | 195 ms | 5.03 ms |

    - naive at 100 MiB: cost grows with the size (linear). The allocator zeroed 976.6 GiB that already read as zero, the kernel 976.6 GiB; every one of its 256,000,000 faults was needless.
    - lazy at 100 MiB and 1,000 MiB: cost does not depend on the size (constant); nothing was zeroed and no page was touched.
    - libmalloc at 100 MiB: cost grows with the size (linear). The allocator zeroed 976.5 GiB that already read as zero; every one of its 25,600 faults was needless.
    - naive at 1,000 MiB: cost grows with the size (linear). The allocator zeroed 9.5 TiB that already read as zero, the kernel 9.5 TiB; every one of its 2,560,000,000 faults was needless.
    - libmalloc at 1,000 MiB: cost does not depend on the size (constant); nothing was zeroed and no page was touched.
    - libmalloc: a cliff lies between 100 MiB (linear) and 1,000 MiB (constant).
    - Simulated time is events times the costs of a profile: linux-vm for naive and lazy; macos-2016 for libmalloc.
    "
  `);
});

test("a name cannot become markup or end a cell", () => {
  const [first] = benfield.results;
  const report = { ...benfield, results: [{ ...first, allocator: "a|b_*c*" } as NonNullable<typeof first>] };
  expect(markdownReport(report)).toContain("| a\\|b\\_\\*c\\* |");
});
