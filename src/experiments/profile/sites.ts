import { totalFaults } from "../../allocator/counters.js";
import { TraceError } from "../../base/errors.js";
import type { OptionValues } from "../../results/run.js";
import type { SitesReport, SiteUse } from "../../results/sites.js";
import { openModel } from "../../sandbox/open.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { framesOf } from "../../trace/sites.js";
import { notesOf } from "../open.js";
import type { TraceProfileRun } from "./run.js";
import { SiteLedger } from "./site-ledger.js";

/** A trace on one model, by the sites that it names. */
export type ProfiledSites = Omit<SitesReport, "scenario" | "parameters">;

/** What `profileSites` replays. It has no simulated time. */
export type SitesRun = Omit<TraceProfileRun, "costs">;

/**
 * Replays a trace on a model, and tells what each of its allocation sites holds and causes. A site's faults and zeroing
 * are those of its operations: of the allocator, and of the touches of the object that is allocated there.
 * @throws TraceError, also for a trace that names no site; OptionError; AllocatorAbort or OutOfMemory from the run.
 */
export async function profileSites({ model, options = {}, trace, touch }: SitesRun): Promise<ProfiledSites> {
  const { check: _check, module: _module, ...settings } = options;
  const sandbox = await openModel(model, options);
  const ledger = new SiteLedger();
  const onResults = ledger.follow.bind(ledger);
  const { failedAllocations } = await sandbox.replay(trace, { touch, onResults });
  if (options.check) sandbox.check();
  const { sites: names } = trace.notes;
  if (!names) throw new TraceError(NO_SITES);
  const sites = usesOf(names, ledger, sandbox);
  sandbox.close();
  return {
    ...{ allocator: model, options: settings as OptionValues, ...notesOf(sandbox) },
    ...{ failedAllocations, sites },
  };
}

const NO_SITES =
  "this trace names no sites: record them (zeropage record --sites, heaptrack), or put a line such as `s main;parse;grow`, the " +
  "callers with the outermost first, before each operation";

function usesOf(names: readonly string[], ledger: SiteLedger, sandbox: Sandbox): SiteUse[] {
  const events = sandbox.sites();
  return names
    .map((name, site) => ({ frames: framesOf(name), ...ledger.of(site), ...events[site] }) as SiteUse)
    .filter((use) => use.allocated.objects > 0 || totalFaults(use.faults) > 0 || use.zeroed.allocator > 0);
}
