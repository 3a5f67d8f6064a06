/**
 * Asks the system's own malloc: builds oracle.c where there is a C compiler, runs jobs through it and reads what it
 * wrote (job-file.ts).
 */
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { OpKind } from "../../src/trace/records.js";
import { encodeJob, encodeRecords, type OracleJob, type OracleRun, parseResults } from "./job-file.js";
import { findLibrary } from "./library.js";

export {
  type Clears,
  encodeRecords,
  MallOpt,
  type OracleJob,
  OracleKind,
  type OracleRun,
  threadsOf,
} from "./job-file.js";

/** What includes the others comes first. */
const SOURCES = [
  "oracle.c",
  ...[
    "jobs",
    "process",
    "below",
    "own-malloc",
    "measured",
    "preloaded",
    "jemalloc",
    "mimalloc",
    "tcmalloc",
  ].map((name) => `${name}.h`),
  ...["clears", "digests", "threads", "run"].map((name) => `${name}.h`),
].map((name) => fileURLToPath(new URL(name, import.meta.url))) as [string, ...string[]];
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/oracle", import.meta.url));
const FLAGS = ["-O2", "-fno-builtin", "-pthread", "-Wall", "-Wextra", "-Wl,-z,now"];
const COMPILERS = ["cc", "gcc", "clang"];

/** The release that the model models unless told otherwise. */
export const MODELLED_GLIBC = "2.36";

export interface Oracle {
  /** What gnu_get_libc_version says. */
  glibc: string;
  /** Debian's version of the package, where dpkg knows it. */
  packageVersion: string | null;
  run(jobs: OracleJob[]): Promise<OracleRun[]>;
}

export type Found = { state: "found"; oracle: Oracle } | { state: "absent"; reason: string };

/** What builds the oracle with a layer over malloc: flags, and libraries. */
const LAYERS = {
  none: { flags: [], libraries: [] },
  pymalloc: { flags: ["-DPYMALLOC", "-I/usr/include/python3.11"], libraries: ["-lpython3.11"] },
} as const satisfies Record<string, { flags: string[]; libraries: string[] }>;

/** What the oracle's program allocates with: malloc, or a layer over it. */
export type Layer = keyof typeof LAYERS;

const found = new Map<string, Promise<Found>>();

/**
 * Finds or builds the oracle of a release of glibc, once: of a fetched library, else of the system's, whichever that is.
 * Absent, with the reason, where there is no compiler, no glibc, no library of the layer or another machine.
 */
export function findOracle(version = MODELLED_GLIBC, layer: Layer = "none"): Promise<Found> {
  return once(`${layer} ${version}`, () => {
    const library = findLibrary(version);
    const { flags, libraries } = LAYERS[layer];
    const packageVersion = library?.packageVersion ?? debianVersion("libc6");
    return build({ flags: [...flags, ...(library?.flags ?? [])], libraries, packageVersion });
  });
}

/** A library that is preloaded. */
export interface Preloaded {
  /** Of the model, and of the header that says what the library has of its own. */
  name: string;
  file: string;
  /** Debian's. */
  package: string;
}

/** Finds or builds the oracle of a library that is preloaded, once. Absent, too, where the library is not installed. */
export function findPreloaded({ name, file, package: debian }: Preloaded): Promise<Found> {
  return once(name, async () => {
    if (!existsSync(file)) return { state: "absent", reason: `${debian} is not installed` };
    return build({
      ...{ flags: [`-DPRELOADED="${name}.h"`, "-rdynamic"], libraries: [] },
      packageVersion: debianVersion(debian),
      environment: { LD_PRELOAD: file },
    });
  });
}

function once(name: string, find: () => Promise<Found>): Promise<Found> {
  if (!found.has(name)) found.set(name, find());
  return found.get(name) as Promise<Found>;
}

/** What a program is built with, and what every run of it has in its environment. */
interface Recipe {
  flags: readonly string[];
  libraries: readonly string[];
  packageVersion: string | null;
  environment?: Record<string, string>;
}

/** Says so, too, where the program may not do what it has to: ptrace, or reading its own pagemap. */
async function build({ flags, libraries, packageVersion, environment = {} }: Recipe): Promise<Found> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return {
      state: "absent",
      reason: `it is for Linux on x86-64; this is ${process.platform} on ${process.arch}`,
    };
  }
  const compiler = COMPILERS.find((name) => succeeds(name, ["--version"]));
  if (!compiler) return { state: "absent", reason: `there is no C compiler (${COMPILERS.join(", ")})` };
  try {
    const binary = compile(compiler, [...FLAGS, ...flags], [...libraries]);
    const glibc = execFileSync(binary, ["--version"], { encoding: "utf8" }).trim();
    const oracle = new Program(binary, glibc, packageVersion, environment);
    await oracle.run([{ records: encodeRecords([OpKind.malloc, 0, 1]), trace: true }]);
    return { state: "found", oracle };
  } catch (error) {
    return { state: "absent", reason: `oracle.c does not build or run: ${(error as Error).message}` };
  }
}

function succeeds(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function debianVersion(name: string): string | null {
  try {
    const format = ["-W", "-f", "$" + "{Version}", name];
    return (
      execFileSync("dpkg-query", format, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }) || null
    );
  } catch {
    return null;
  }
}

/** Builds oracle.c unless that was done before from the same sources. Returns the program. */
function compile(compiler: string, flags: string[], libraries: string[]): string {
  const hash = createHash("sha256").update([compiler, ...flags, ...libraries].join(" "));
  for (const source of SOURCES) hash.update(readFileSync(source));
  const binary = join(CACHE, hash.digest("hex").slice(0, 16));
  if (existsSync(binary)) return binary;
  mkdirSync(CACHE, { recursive: true });
  const fresh = `${binary}.${process.pid}`;
  execFileSync(compiler, [...flags, "-o", fresh, SOURCES[0], ...libraries], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  renameSync(fresh, binary);
  return binary;
}

class Program implements Oracle {
  constructor(
    private readonly binary: string,
    readonly glibc: string,
    readonly packageVersion: string | null,
    /** What every run has in its environment. */
    private readonly environment: Record<string, string>,
  ) {}

  async run(jobs: OracleJob[]): Promise<OracleRun[]> {
    if (jobs.length === 0) return [];
    const folder = await mkdtemp(join(tmpdir(), "zeropage-oracle-"));
    try {
      const [jobFile, resultFile] = [join(folder, "jobs"), join(folder, "results")];
      const file = await open(jobFile, "w");
      for (const job of jobs) await file.writev([encodeJob(job, this.environment), job.records]);
      await file.close();
      await promisify(execFile)(this.binary, [jobFile, resultFile]);
      return parseResults(await readFile(resultFile), jobs);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
