/** The list of wasm modules. */

/**
 * How a module is compiled: a target of asconfig.json. A module without the machine has no asserts,
 * or its own. A library becomes build/lib/NAME.a.
 * @typedef {"release" | "check" | "debug" | "plain-check" | "plain-debug" | "unmarked" | "library"} Target
 */

/** What each target adds to the name of a program. @type {Record<Target, string>} */
const SUFFIXES = {
  release: "",
  check: ".check",
  debug: ".debug",
  "plain-check": ".check",
  "plain-debug": ".debug",
  unmarked: ".unmarked",
  library: "",
};

/**
 * One wasm module to build.
 * @typedef {object} Module
 * @property {string} name Its file is build/NAME.wasm.
 * @property {readonly string[]} entries The files whose exports it has.
 * @property {Target} target
 * @property {string | null} model The allocator that assembly/model.ts stands for, or LAYER/BASE; null for none.
 * @property {readonly string[]} flags Further options of asc.
 * @property {string | null} globalPrefix
 *   Prefix of the names of its exported mutable globals, before their number; null if they are not exported.
 */

/**
 * @typedef {object} Program
 * @property {string} name
 * @property {string} entry
 * @property {readonly Target[]} targets
 * @property {string} [model]
 * @property {string[]} [flags]
 * @property {string} [checkEntry] What its check builds export besides.
 * @property {boolean} [hasFiles] Whether its machine has files and a page cache, which make it larger.
 * @property {boolean} [hasPlacement] Whether its machine places and limits memory as it is told.
 * @property {boolean} [hasHugePages] Whether its machine has huge pages.
 * @property {boolean} [keepsGlobals] Whether its globals are its own affair: nobody makes checkpoints of it.
 */

/** Targets of programs on the simulated machine. @type {readonly Target[]} */
const MACHINE_TARGETS = ["release", "check", "debug", "unmarked"];
/** Targets of all other programs. @type {readonly Target[]} */
const TARGETS = ["release", "plain-debug"];
/** Targets that export more, and what. @type {readonly Target[]} */
const CHECKED = ["check", "debug", "plain-check"];
const CHECK_ENTRY = "assembly/check-abi.ts";
const HEAP = { entry: "assembly/heap/abi.ts", checkEntry: "assembly/heap/check-abi.ts", keepsGlobals: true };
/** What modules whose machine has files export besides. */
const FILES_ENTRY = "assembly/files-abi.ts";
/** And those whose machine places and limits memory as it is told. */
const PLACEMENT_ENTRY = "assembly/placement-abi.ts";
/** And those whose machine has huge pages. */
const HUGE_ENTRY = "assembly/huge-abi.ts";
/** @type {{ targets: Target[], flags: string[] }} */
const LIBRARY = { targets: ["library"], flags: ["--use", "ZP_LINKED=1"] };
/** Targets that are built if no module is named. @type {readonly Target[]} */
const NEEDED = ["release", "check", "plain-check", "library"];

/** @type {readonly Program[]} */
const OTHERS = [
  {
    ...{ name: "machine", entry: "assembly/machine-abi.ts", targets: MACHINE_TARGETS },
    ...{ hasFiles: true, hasPlacement: true, hasHugePages: true },
  },
  { name: "bench", entry: "assembly/bench-abi.ts", targets: TARGETS },
  // The driver of foreign modules, and what measures it. They are linked to the modules, and have no machine.
  { name: "driver", entry: "assembly/driver.ts", targets: TARGETS },
  { name: "patterns", entry: "assembly/patterns.ts", targets: TARGETS, flags: ["--importMemory"] },
  { name: "bench-empty", entry: "assembly/bench-empty.ts", targets: TARGETS },
  { name: "bench-calls", entry: "assembly/bench-calls.ts", targets: TARGETS },
  // Its functions are moved into other modules, which have the memory.
  {
    ...{ name: "meter", entry: "assembly/meter.ts", targets: TARGETS },
    flags: ["--importMemory", "--noExportMemory"],
  },
  // What modules that are recorded call, and what moves into them.
  {
    ...{ name: "clearing", entry: "assembly/clearing.ts", targets: TARGETS },
    flags: ["--importMemory", "--noExportMemory"],
  },
  { name: "recorder", entry: "assembly/recorder.ts", targets: TARGETS, keepsGlobals: true },
  // AssemblyScript's own allocators, to compare others with.
  { name: "as-tlsf", entry: "assembly/as-heap.ts", targets: TARGETS, flags: ["--runtime", "minimal"] },
  // Our own; one whose host lets pages go; and one that notices no misuse, for measuring what noticing costs.
  { name: "heap", targets: ["release", "plain-check"], ...HEAP },
  {
    ...{ name: "heap-discarding", targets: ["release"], ...HEAP },
    flags: ["--use", "ZP_DISCARD=1"],
  },
  {
    ...{ name: "heap-trusting", targets: ["release"], ...HEAP },
    flags: ["--use", "ZP_TRUSTING=1"],
  },
  // Our own, to be linked with programs in other languages. Emscripten's pages want to know when the memory grows.
  { ...LIBRARY, name: "libzeropage", entry: "assembly/library/c.ts" },
  {
    ...{ ...LIBRARY, name: "libzeropage-emscripten", entry: "assembly/library/emscripten.ts" },
    flags: [...LIBRARY.flags, "--use", "ZP_EMSCRIPTEN=1"],
  },
  { name: "as-stub", entry: "assembly/as-heap.ts", targets: TARGETS, flags: ["--runtime", "stub"] },
];

/**
 * Every module: each registered model and each other program, once per target.
 * @param {readonly { name: string, hasFiles?: boolean, hasPlacement?: boolean, hasHugePages?: boolean }[]} models
 * @param {string} globalPrefix
 * @returns {Module[]}
 */
export function listModules(models, globalPrefix) {
  /** @type {Program[]} */
  const modelled = models.map(({ name, hasFiles = false, hasPlacement = false, hasHugePages = false }) => ({
    ...{ name: name.replace("/", "-over-"), hasFiles, hasPlacement, hasHugePages },
    ...{ entry: "assembly/abi.ts", targets: MACHINE_TARGETS, model: name },
  }));
  return [...modelled, ...OTHERS].flatMap((program) => {
    const { name, entry, targets, model = null, checkEntry = CHECK_ENTRY } = program;
    const flags = [...(program.flags ?? [])];
    const entries = [entry];
    if (program.hasFiles) {
      flags.push("--use", "ZP_FILES=1");
      entries.push(FILES_ENTRY);
    }
    if (program.hasPlacement) {
      flags.push("--use", "ZP_PLACEMENT=1");
      entries.push(PLACEMENT_ENTRY);
    }
    if (program.hasHugePages) {
      flags.push("--use", "ZP_HUGE=1");
      entries.push(HUGE_ENTRY);
    }
    return targets.map((target) => ({
      name: `${name}${SUFFIXES[target]}`,
      entries: CHECKED.includes(target) ? [...entries, checkEntry] : entries,
      ...{ target, model, flags, globalPrefix: program.keepsGlobals ? null : globalPrefix },
    }));
  });
}

/**
 * The modules with these names; without names, all that are needed to run.
 * @param {readonly Module[]} modules
 * @param {readonly string[]} names
 * @throws {Error} for the name of no module; its message lists all names
 */
export function chooseModules(modules, names) {
  if (names.length === 0) return modules.filter(({ target }) => NEEDED.includes(target));
  return names.map((name) => {
    const found = modules.find((module) => module.name === name);
    if (found) return found;
    throw new Error(`there is no module "${name}"; there are:\n  ${allNames(modules).join("\n  ")}`);
  });
}

/**
 * A line for each program, with all its targets.
 * @param {readonly Module[]} modules
 */
function allNames(modules) {
  const programs = modules.filter(({ target }) => target === "release" || target === "library");
  return programs.map((program) =>
    modules
      .filter(({ name }) => name === program.name || name.startsWith(`${program.name}.`))
      .map(({ name }) => name)
      .join(" "),
  );
}
