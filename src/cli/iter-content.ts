import { formatCount } from "../base/bytes.js";
import { formatSize } from "../base/numbers.js";
import { iterContentChart } from "../experiments/iter-content/chart.js";
import { allocatorLabel } from "../report/label.js";
import { BUFFER_WAYS, type IterContentReport, type IterContentResult } from "../results/iter-content.js";
import { parseAllocators, runOptions } from "./allocators.js";
import { parseSize, parseSizes } from "./args.js";
import { collect, type Job } from "./collect.js";
import { type CostsFlags, chooseCosts } from "./costs.js";
import { finish } from "./finish.js";
import type { Host } from "./host.js";
import { prepareSvg } from "./outfile.js";
import { chooseForm, type FormFlags, printableIterContent } from "./output.js";
import { openProgress } from "./progress.js";

/** The flags of `zeropage run iter-content`, as typed. */
export interface IterContentFlags extends FormFlags, CostsFlags {
  size: string;
  body: string;
  allocator?: string;
  chart?: string;
  check?: boolean;
}

/** Whose calloc clears large blocks, and whose does not. */
export const BUG_REPORT_ALLOCATORS = "glibc,libmalloc";

/** A body read in every size of chunk, every way. Returns the exit code; throws UsageError before any work. */
export async function iterContentCommand(flags: IterContentFlags, host: Host): Promise<number> {
  const sizes = parseSizes(flags.size);
  const body = parseSize("--body", flags.body);
  const allocators = parseAllocators(flags.allocator ?? BUG_REPORT_ALLOCATORS, host.library);
  const costs = await chooseCosts(flags);
  const chart = flags.chart === undefined ? undefined : await prepareSvg("--chart", flags.chart);
  const progress = openProgress(host.stderr);
  const jobs = allocators.flatMap((allocator) =>
    BUFFER_WAYS.flatMap((way) =>
      sizes.map((chunk): Job<IterContentResult> => {
        const { model } = allocator;
        const name = allocatorLabel({ allocator: model, options: allocator.options });
        const label = `${name}, ${way} of ${formatSize(chunk)}`;
        const onProgress = (done: number, total: number) =>
          progress.show(`${label}: ${formatCount(done)} of ${formatCount(total)} reads`);
        const options = runOptions(allocator, flags.check === true);
        const run = { model, options, way, chunk, body, ...costs, onProgress };
        return { label, run: () => host.library.runIterContent(run) };
      }),
    ),
  );
  const { done, failed } = await collect(jobs);
  progress.clear();
  const report: IterContentReport = { scenario: "iter-content", parameters: { body }, results: done };
  return finish(printableIterContent(report), chooseForm(flags), failed, host, {
    ...(chart && { picture: { file: chart, spec: () => iterContentChart(report) } }),
  });
}
