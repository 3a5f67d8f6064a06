/** What the command line prints, to the byte: each experiment in each of its forms, and every help text. */
import { runWhole } from "./whole.js";

export const FOLDER = new URL("../golden/cli/", import.meta.url);

export interface Golden {
  /** Name of the file in `FOLDER`. */
  file: string;
  argv: readonly string[];
}

const RUNS: Record<string, string> = {
  "calloc-loop":
    "run calloc-loop --size 64KiB,1MiB --count 20 --allocator naive,lazy,glibc,libmalloc:zeroing=dirty",
  "calloc-loop-written": "run calloc-loop --size 300 --count 10 --written 25% --allocator libmalloc --check",
  cliffs: "cliffs --from 120KiB --to 140KiB --allocator glibc:mmapThreshold=128KiB,libmalloc",
  "cliffs-of-module": "cliffs --from 1KiB --to 2KiB --allocator build/as-tlsf.wasm,lazy",
  "iter-content": "run iter-content --size 64KiB,1MiB --body 256KiB",
  "calloc-fixes": "run calloc-fixes --size 256KiB --written 0%,50%,100%",
  fork: "run fork --data 1MiB --children 2 --own 64KiB --allocator glibc,pymalloc/glibc",
  "serve-file": "run serve-file --size 1MiB",
  luajit:
    "run luajit --loaded 0,1104MiB --block 8MiB --allocator glibc:mmapThreshold=32MiB,tcmalloc:skipSbrk=1",
  sockets: "run sockets --data 256MiB,24MiB --written 0%,1% --line 0,12",
  huge: "run huge --size 8MiB",
  "idle-zeroing": "run idle-zeroing --size 1MiB --count 20 --written 0%,50%",
  pattern:
    "run pattern --threads 2 --rounds 2 --blocks 20 --size 16..2000 --keep 7 --allocator glibc:arenaMax=1,libmalloc:cpus=1",
  replay: "replay test/trace/git-version.log --allocator glibc,lazy --touch object",
  "replay-of-threads": "replay test/trace/threads.txt --allocator naive,libmalloc --touch pages --trim",
};

const FORMS = { txt: "", json: "--json", csv: "--csv", md: "--markdown" };

const CINNABAR =
  "run cinnabar --objects 1000 --manifests 6 --smallest 10000 --largest 90000 --warm 400000 --allocator pymalloc/glibc:python=3.9,pymalloc/glibc:python=3.9:arenas=malloc,pymalloc/glibc:python=3.9:trimThreshold=128KiB,pymalloc/naive";

const TUNE =
  "tune --workload bursts:ops=1500:live=200:max=200000:seed=3 --touch object --goal resident --jobs 1 --settings 30 --allocator glibc,jemalloc:clock=1000";

/** Without the forms that have a host's time in them, as a Worker's clock goes on, or hundreds of points. */
const OTHERS: Record<string, string> = {
  "cinnabar.txt": CINNABAR,
  "cinnabar.md": `${CINNABAR} --markdown`,
  "calloc-loop-of-module.json": "run calloc-loop --size 320 --count 20 --allocator build/as-tlsf.wasm --json",
  "replay-of-module.csv": "replay test/trace/git-version.log --allocator build/as-tlsf.wasm --csv",
  "replay-every.csv": "replay test/trace/threads.txt --allocator lazy --touch pages --every 5 --csv",
  "replay-every.json": "replay test/trace/threads.txt --allocator lazy --touch pages --every 10 --json",
  "tune.txt": TUNE,
  "tune.json": `${TUNE} --json`,
  "tune.csv": `${TUNE} --csv`,
  "tune.md": `${TUNE} --markdown`,
  "profile.txt": "profile calloc-loop --allocator libmalloc --size 1MiB --count 10",
  "profile.json": "profile calloc-loop --allocator lazy --size 1MiB --count 10 --written 50% --json",
  "profile-by-site.txt":
    "profile test/trace/sqlite.txt.gz --allocator libmalloc --touch pages --by site --value peak",
  "profile-by-site.json": "profile test/trace/sites.txt --allocator glibc --touch pages --by site --json",
  "profile-of-trace.txt": "profile test/trace/git-version.log --allocator glibc --touch pages",
};

const COMMANDS = [
  ...[
    "",
    "run",
    "run calloc-loop",
    "run iter-content",
    "run calloc-fixes",
    "run pattern",
    "run cinnabar",
    "run fork",
    "run idle-zeroing",
    "run serve-file",
    "run luajit",
    "run sockets",
    "run huge",
  ],
  ...["cliffs", "record", "replay", "tune", "profile"],
  ...["check", "calibrate", "bench", "merge", "models", "web"],
];

const words = (text: string) => text.split(" ").filter(Boolean);

export const goldens: readonly Golden[] = [
  ...Object.entries(RUNS).flatMap(([name, argv]) =>
    Object.entries(FORMS).map(([form, flag]) => ({
      file: `${name}.${form}`,
      argv: words(`${argv} ${flag}`),
    })),
  ),
  ...Object.entries(OTHERS).map(([file, argv]) => ({ file, argv: words(argv) })),
  ...COMMANDS.map((command) => ({
    file: `help${command && `-${command.replaceAll(" ", "-")}`}.txt`,
    argv: words(`${command} --help`),
  })),
];

/** Runs it. What a host took is 0, and so is the version. */
export async function printed({ argv }: Golden): Promise<string> {
  const ended = await timeless(() => runWhole(argv));
  if (ended.code !== 0)
    throw new Error(`zeropage ${argv.join(" ")} ended with ${ended.code}: ${ended.stderr}`);
  return withoutVersion(withoutHostSeconds(ended.stdout));
}

/** While the clock stands still, so that what is timed on this host takes no time. Workers have their own. */
async function timeless<T>(run: () => Promise<T>): Promise<T> {
  const { now } = performance;
  performance.now = () => 0;
  try {
    return await run();
  } finally {
    performance.now = now;
  }
}

const withoutVersion = (text: string): string => text.replace(/^( {2}"version": )"[\d.]+"/m, '$1"0"');

function withoutHostSeconds(text: string): string {
  if (/,hostSeconds\r\n/.test(text)) return text.replace(/,[\d.e-]+\r\n/g, ",0\r\n");
  return text.replace(/("hostSeconds": )[\d.e-]+/g, "$10");
}
