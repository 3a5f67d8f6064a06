import { totalFaults } from "../../allocator/counters.js";
import { TraceError } from "../../base/errors.js";
import type { CostProfile } from "../../costs/profile.js";
import { defaultCosts } from "../../costs/profiles.js";
import { simulatedTime } from "../../costs/simulate.js";
import type { OptionValues } from "../../results/run.js";
import type { SitesReport, SiteUse } from "../../results/sites.js";
import { openModel } from "../../sandbox/open.js";
import type { SiteEvents } from "../../sandbox/site-events.js";
import { framesOf } from "../../trace/sites.js";
import { notesOf } from "../open.js";
import type { TraceProfileRun } from "./run.js";
import { SiteLedger } from "./site-ledger.js";

/** A trace on one model, by the sites that it names. */
export type ProfiledSites = Omit<SitesReport, "scenario" | "parameters">;

/**
 * Replays a trace on a model, and tells what each of its allocation sites holds and causes. A site's faults, zeroing and system
 * calls, and so its time, are those of its operations: of the allocator, and of the touches of the object that is allocated there.
 * @throws TraceError, also for a trace that names no site; OptionError; AllocatorAbort or OutOfMemory from the run.
 */
export async function profileSites({
  model,
  options = {},
  trace,
  touch,
  costs,
}: TraceProfileRun): Promise<ProfiledSites> {
  const { check: _check, module: _module, ...settings } = options;
  const sandbox = await openModel(model, options);
  const ledger = new SiteLedger();
  const onResults = ledger.follow.bind(ledger);
  const { failedAllocations } = await sandbox.replay(trace, { touch, onResults });
  if (options.check) sandbox.check();
  const { sites: names } = trace.notes;
  if (!names) throw new TraceError(NO_SITES);
  const prices = costs ?? defaultCosts(sandbox.machine.kernel);
  const sites = usesOf(names, ledger, sandbox.sites(), prices);
  sandbox.close();
  return {
    ...{ allocator: model, options: settings as OptionValues, ...notesOf(sandbox) },
    ...{ costs: prices.name, failedAllocations, sites },
  };
}

const NO_SITES =
  "this trace names no sites: record them (zeropage record --sites, heaptrack), or put a line such as `s main;parse;grow`, the " +
  "callers with the outermost first, before each operation";

function usesOf(
  names: readonly string[],
  ledger: SiteLedger,
  events: readonly SiteEvents[],
  costs: CostProfile,
): SiteUse[] {
  return events
    .slice(0, names.length)
    .map((of, site) => ({
      ...{ frames: framesOf(names[site] as string), ...ledger.of(site), ...of },
      seconds: simulatedTime(of, costs).seconds,
    }))
    .filter((use) => use.allocated.objects > 0 || hasEvents(use));
}

/** Whether anything happened that has a price. */
const hasEvents = ({ faults, zeroed, syscalls }: SiteEvents): boolean =>
  totalFaults(faults) > 0 || zeroed.allocator > 0 || sum(syscalls) > 0;

const sum = (figures: Readonly<Record<string, number>>): number =>
  Object.values(figures).reduce((one, other) => one + other, 0);
