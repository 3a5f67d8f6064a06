/** The longer words of the help: how things are written, and examples. */
import { builtInModules } from "../allocator/built-in.js";
import { costProfiles } from "../costs/profiles.js";
import { ROLES } from "../foreign/conventions.js";
import { HOST_ROLES } from "../foreign/module-options.js";
import { workloadHelp } from "./workloads.js";

export const ALLOCATORS = `
An allocator is a model with options, as \`zeropage models\` lists them; several are separated by commas:
  libmalloc,libmalloc:zeroing=dirty,libmalloc:memory=64GiB,naive:pageSize=16KiB`;

export const BUILT_IN = builtInModules.map(({ name }) => name).join(", ");

const MODULE_SYNTAX = `its path, or the name of one that comes
with zeropage (${BUILT_IN}); options name functions that zeropage does not find itself
(${ROLES.join(", ")}), their calling convention,
and imports with short names (${Object.keys(HOST_ROLES).join(", ")}):`;

export const MODULES = `
Or it is a wasm module, which really runs: write ${MODULE_SYNTAX}
  lazy,as-tlsf,mine.wasm,other.wasm:malloc=take:free=give`;

export const PROFILE_EXAMPLES = `
Examples:
  zeropage profile calloc-loop --allocator libmalloc --collapsed stacks.txt
  zeropage profile trace.txt.gz --allocator glibc --touch pages --speedscope out.json --pprof out.pb.gz
  zeropage profile trace.txt.gz --allocator glibc --by site --pprof heap.pb.gz`;

export const VALUES =
  "with --by site, what pictures and files show, or show first, and tables are sorted by: live (bytes not freed at the end, the default), peak (live when the program held the most; the default if all is freed), allocated, needless (bytes zeroed needlessly), faults or time (simulated)";

export const CHECK_EXAMPLES = `
Write a module as ${MODULE_SYNTAX}
  mine.wasm:malloc=take:free=give
  minified.wasm:malloc=f:free=g:resize=a.b

Each case runs on a fresh instance, in a Worker. Failures come first; those of one cause are told once. Exit code: 0 if none failed, 1 if one did, 2 for a wrong command line.

Examples:
  zeropage check allocator.wasm
  zeropage check allocator.wasm --junit report.xml --timeout 10s
  zeropage check allocator.wasm --quiet
  zeropage check allocator.wasm --case calloc-reused --case calloc-overflow
  zeropage check allocator.wasm --fuzz --for 2min
  zeropage check glibc:tcacheCount=0 --fuzz --runs 1000 --seed 7`;

export const BENCH_EXAMPLES = `
${workloadHelp()}

Write a module as ${MODULE_SYNTAX}
  mine.wasm:malloc=take:free=give

Examples:
  zeropage bench
  zeropage bench mine.wasm as-tlsf --trace trace.txt.gz --baseline as-tlsf --html bench.html
  zeropage bench mine.wasm as-tlsf --workload zipf bursts fifo:live=20000
  zeropage bench new.wasm old.wasm --baseline old --fail-if-slower 5%
  zeropage bench *.wasm --trace *.gz --output all.json
  zeropage bench *.wasm --trace *.gz --resume all.json
  zeropage bench *.wasm --shard 2/4 --output shard-2.json
  zeropage bench --compare old.json new.json`;

export const MERGE_EXAMPLES = `
Example:
  zeropage merge shard-*.json --output all.json --markdown`;

export const COSTS = `cost profile for simulated time: ${costProfiles.map(({ name }) => name).join(", ")}, or a file that zeropage calibrate saved (default: the one of the kernel)`;

export const CLOCK =
  "what the clock of models goes on before each operation; without it, it stands still, or is what the trace sets";

export const REPLAY_EXAMPLES = `${ALLOCATORS}${MODULES}

${workloadHelp()}

Examples:
  zeropage replay trace.txt.gz
  zeropage replay trace.rep --allocator libmalloc --touch pages --timeline bytes.svg
  zeropage replay trace.txt --allocator glibc --addresses glibc.txt
  zeropage replay trace.txt --allocator glibc,libmalloc --trim --every 1000 --csv
  zeropage replay --workload bursts:live=20000 --allocator glibc,as-tlsf
  ltrace -f -o ls.log ls; zeropage replay ls.log --touch first
  valgrind --trace-malloc=yes ls 2>&1 >/dev/null | zeropage replay - --format valgrind`;

export const TUNE_HELP = `
Candidates are replayed exactly, in Workers, on models of the allocators; the same candidates are tried whatever the number of jobs.
Where settings are to be recommended, it says how the real allocator is given them. Of wasm modules memory is counted exactly,
and time is measured, in turns as bench does.

Examples:
  zeropage tune trace.txt.gz
  zeropage tune trace.txt.gz --goal resident --touch object --chart tune.svg
  zeropage tune morning.trace.gz evening.trace.gz --allocator glibc:version=2.41 --settings 100
  zeropage tune --preset burst-medium --allocator glibc --goal resident
  zeropage tune trace.txt.gz --output tune.json; zeropage tune trace.txt.gz --resume tune.json
  zeropage tune trace.txt.gz --shard 2/4 --output shard-2.json
  zeropage tune trace.txt.gz --allocator as-tlsf,heap,mine.wasm --touch object
  zeropage record -- git log -p && zeropage tune git.trace.gz`;

export const RECORD_EXAMPLES = `
The program's streams and its exit code are its own; what is said here comes when it has ended. The programs that it starts
are recorded too, and listed.

Examples:
  zeropage record -- git log -p
  zeropage record --sites --touches -o out.trace.gz -- python3 script.py
  zeropage record --children -- gcc -O2 -c file.c
  zeropage record --dir . -- app.wasm input.txt
  zeropage record -- app.wasm:malloc=12:free=my_free
  zeropage replay git.trace.gz --allocator glibc,jemalloc`;

export const EXAMPLES = `
Examples:
  zeropage run calloc-loop
  zeropage cliffs --chart cliffs.svg
  zeropage replay trace.txt.gz --allocator libmalloc --touch pages
  zeropage web
  zeropage models`;
