/**
 * How the real allocators are given what a model's options stand for. The names are those of the registry
 * (`real` in src/sandbox/), which has them from the allocators' documents; here is how each kind of name is written.
 *
 *      model       environment                        call                   library
 *      glibc       MALLOC_X_=…, GLIBC_TUNABLES=x=…    mallopt(M_X, …)        the system's
 *      jemalloc    MALLOC_CONF=x:…,y:…                                       LD_PRELOAD=libjemalloc.so.2
 *      mimalloc    MIMALLOC_X=…                                              LD_PRELOAD=libmimalloc.so.2.0
 *      tcmalloc    TCMALLOC_X=…                                              LD_PRELOAD=libtcmalloc_minimal.so.4
 *      pymalloc    PYTHONMALLOC=pymalloc or malloc                           Python's own
 */

import type { OptionValues } from "../results/run.js";
import type { TuneWay } from "../results/tune.js";
import type { OptionInfo } from "../sandbox/machine.js";
import { machineOptions } from "../sandbox/machine.js";
import { findModel } from "../sandbox/options.js";

/** What is preloaded where the allocator is not the C library's own, as Debian 12 calls it. */
export const PRELOADED: Readonly<Record<string, string>> = {
  jemalloc: "libjemalloc.so.2",
  mimalloc: "libmimalloc.so.2.0",
  tcmalloc: "libtcmalloc_minimal.so.4",
};

/** Options that say which world is simulated. Nothing is to be set for them. */
const WORLD = new Set([
  ...machineOptions.map(({ name }) => name),
  ...["version", "cpus", "libc", "seed", "mapTop", "base", "heapStart", "python", "step", "domain"],
]);

/** Options of jemalloc that MALLOC_CONF takes. */
const CONF = ["dirty_decay_ms", "narenas", "tcache", "thp", "retain"];

/** Variables that take several settings, and what is between them. */
const LISTS: Readonly<Record<string, string>> = { MALLOC_CONF: ",", GLIBC_TUNABLES: ":" };

/** The value of PYTHONMALLOC for where arenas come from. */
const PYTHONMALLOC: Readonly<Record<string, string>> = { mmap: "pymalloc", none: "malloc" };

interface Set {
  option: OptionInfo;
  value: string | number;
}

/** The ways to set it, the simplest first, and the settings of which none is known. */
export interface Ways {
  ways: TuneWay[];
  unknown: string[];
}

/** How the real allocator is given these options. Without any, and of the C library's own, there is nothing to set. */
export function waysToSet(allocator: string, options: OptionValues): Ways {
  const { name, layers, options: known } = findModel(allocator);
  const base = layers?.base.name ?? name;
  const set = Object.entries(options)
    .filter(([option]) => !WORLD.has(option))
    .map(([option, value]) => ({ option: known.find((one) => one.name === option) as OptionInfo, value }));
  const variables = set.map((one) => ({ one, variable: variableOf(base, one) }));
  const unknown = variables.filter(({ variable }) => variable === undefined).map(({ one }) => one);
  const preload = PRELOADED[base];
  const environment = [
    ...(preload ? [`LD_PRELOAD=${preload}`] : []),
    ...assignments(variables.flatMap(({ variable }) => (variable ? [variable] : []))),
  ];
  const tunables = base === "glibc" ? wholly(set, tunableOf) : [];
  const calls = base === "glibc" ? wholly(set, callOf) : [];
  const ways: TuneWay[] = [
    { way: "environment", lines: environment },
    { way: "tunables", lines: tunables.length > 0 ? [`GLIBC_TUNABLES=${tunables.join(":")}`] : [] },
    { way: "program", lines: calls },
  ];
  return {
    // Of settings that only tunables have, the environment's line is the same.
    ways: ways.filter(({ lines }, i) => lines.length > 0 && (i !== 1 || lines[0] !== environment.join())),
    unknown: unknown.map(({ option, value }) => `${option.name}=${value}`),
  };
}

/** A variable, and what it is set to. */
type Assignment = readonly [variable: string, value: string | number];

/** As they are typed, each variable once. */
function assignments(all: readonly Assignment[]): string[] {
  const names = [...new Set(all.map(([variable]) => variable))];
  return names.map((name) => {
    const values = all.filter(([variable]) => variable === name).map(([, value]) => value);
    return `${name}=${values.join(LISTS[name] ?? "")}`;
  });
}

/** The variable that sets it; undefined where none is known. */
function variableOf(base: string, { option, value }: Set): Assignment | undefined {
  if (option.name === "arenas") {
    const word = PYTHONMALLOC[value];
    return word === undefined ? undefined : ["PYTHONMALLOC", word];
  }
  if (base === "jemalloc" && CONF.includes(option.name)) return ["MALLOC_CONF", `${option.name}:${value}`];
  const variable = option.real?.find((name) => /^(MALLOC|MIMALLOC|TCMALLOC)_/.test(name));
  if (variable !== undefined && !(option.name === "mmapMax" && value === -1)) return [variable, value];
  const tunable = tunableOf({ option, value });
  return tunable === undefined ? undefined : ["GLIBC_TUNABLES", tunable];
}

function tunableOf({ option, value }: Set): string | undefined {
  const tunable = option.real?.find((name) => name.startsWith("glibc."));
  return tunable && `${tunable}=${value}`;
}

function callOf({ option, value }: Set): string | undefined {
  const parameter = option.real?.find((name) => name.startsWith("M_"));
  return parameter && `mallopt(${parameter}, ${value});`;
}

/** Written that way, if all can be. */
function wholly(set: readonly Set[], write: (one: Set) => string | undefined): string[] {
  const written = set.map(write).filter((text) => text !== undefined);
  return written.length === set.length ? written : [];
}
