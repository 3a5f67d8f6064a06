/**
 * What is looked at, against what, and what of it is compared. The figures beside it on the page are those of
 * records.json and of the golden files.
 */
import { type ModelInfo, models } from "../../src/sandbox/models.js";
import { GLIBC_COMPARED, GLIBC_NOT_COMPARED } from "../oracle/observation.js";

export interface Subject {
  /** As in records.json. */
  id: string;
  /** What the model itself says of its sureness; nothing for what is no model. */
  says?: string;
  /** What is equal wherever nothing differed. */
  compared: readonly string[];
  notCompared: readonly string[];
  knownToDiffer: readonly string[];
}

export function subjects(): Subject[] {
  const layers = new Map(models.flatMap(({ layers }) => (layers ? [[layers.layer.name, layers.layer]] : [])));
  return [...MACHINE, ...models.flatMap(subjectsOf), ...[...layers.values()].flatMap(subjectsOf), METER];
}

/** The subjects of a model or a layer, one for each version. */
function subjectsOf({ name, sureness = {} }: Pick<ModelInfo, "name" | "sureness">): Subject[] {
  const about = OF_MODELS[name];
  if (!about) return [];
  return Object.entries(sureness).map(([version, says]) => ({ id: `${name} ${version}`, says, ...about }));
}

type About = Pick<Subject, "compared" | "notCompared" | "knownToDiffer">;

const MACHINE: readonly Subject[] = [
  {
    id: "machine",
    compared: [
      "what every system call and access returns or throws",
      "all counters",
      "the state of every page, and the bytes in it",
      "regions and their order",
    ],
    notCompared: ["simulated time: it is events times figures of a cost profile"],
    knownToDiffer: [],
  },
  {
    id: "linux kernel",
    compared: [
      "addresses and errors of system calls",
      "minor faults",
      "resident pages",
      "mappings and how they join",
    ],
    notCompared: [
      "what a fault costs",
      "swap: there is none; huge pages, forks and files, which have programs of their own (test/machine)",
    ],
    knownToDiffer: [],
  },
];

const OF_MODELS: Record<string, About> = {
  glibc: {
    compared: GLIBC_COMPARED,
    notCompared: GLIBC_NOT_COMPARED,
    knownToDiffer: [
      "where a replay only touches memory (`--touch object`), what the program wrote is unknown and counts as not zero: bytes " +
        "cleared needlessly are then the least that there can be; they are exact where the contents are told",
      "a main arena that cannot give the tcache (`topPad` above what there is): the real one begins a second arena",
    ],
  },
  jemalloc: {
    compared: [
      "the address of every block, and its usable size",
      "system calls, in order, with arguments and results",
      "minor faults of each operation, and pages that own a frame",
      "allocated, active, metadata, mapped and retained of malloc_stats_print; resident to a page",
      "decay by a clock that stands still, goes on, or is set by the trace; dirty_decay_ms 0, -1 and others; tcache:false",
    ],
    notCompared: [
      "what memory holds",
      "threads, background threads, muzzy_decay_ms, thp:always, profiling",
      "the calls at the start, before the first operation",
    ],
    knownToDiffer: [
      "a large block that is freed twice: the real one has it in its lists twice from then on, the model once",
    ],
  },
  mimalloc: {
    compared: [
      "the address of every block, and its usable size",
      "system calls, in order, with arguments and results",
      "minor faults of each operation, without any constant, and pages that own a frame",
      "the text of mi_stats_print at the end, but for its lines on the process",
      "each option; a clock that stands still, goes on, or is set by the trace; mi_collect, forced and not",
      "alignments of up to 2 GiB, blocks of up to 40 GiB, calloc of more than 2 GiB, more free segments than are cached, no room",
    ],
    notCompared: [
      "what memory holds",
      "threads, several nodes of memory, arenas, large pages, overcommit_memory 2",
      "the cursor beyond 30 TiB",
      "the calls at the start, before the first operation",
    ],
    knownToDiffer: [
      "a block that is freed again after its page was: the real one counts what is none of its blocks, the model ignores it",
    ],
  },
  tcmalloc: {
    compared: [
      "the address of every block, and its usable size",
      "system calls, in order, with arguments and results",
      "minor faults of each operation, without any constant, and pages that own a frame",
      "the figures of mallinfo on the way, and the text of malloc_stats at the end",
      "each option, alone and some together; heaps that start elsewhere, also next to a boundary of 2 GiB",
      "no room, and room again",
    ],
    notCompared: [
      "what memory holds",
      "threads, fork, sampling, the profiler of libtcmalloc.so.4",
      "the calls at the start, before the first operation",
      "no room for metadata: the real one ends the process, in the words that the model has",
      "TCMALLOC_RELEASE_RATE below 0; TCMALLOC_TRANSFER_NUM_OBJ above 4096",
    ],
    knownToDiffer: [
      "pages that are freed twice, and objects that come back to a span more often than they left it: the real one says nothing, and its lists are broken from then on; the model stops",
    ],
  },
  pymalloc: {
    compared: [
      "of 3.11 over glibc 2.36: the address of every block, in arenas and below",
      "every call of the allocator below, and every system call, in their order, with arguments and results",
      "minor faults, and pages that own a frame",
      "all fields of mallinfo2 below, and the texts of malloc_stats and malloc_info",
      "the key figures of sys._debugmallocstats",
      "arenas by mmap, by malloc, and none; and where none can be had",
      "of every release, with a second model written from the same rules: addresses, and calls in their order",
    ],
    notCompared: [
      "what memory holds",
      "the real 2.7 to 3.10, but for git-cinnabar's figures of 3.9.18",
      "debug hooks, and 3.12, whose tables belong to an interpreter",
      "arenas at both ends of a node of the tree, every 16 GiB in 3.11 and 256 MiB in 3.10",
    ],
    knownToDiffer: [],
  },
  libmalloc: {
    compared: [
      "the address of every block, with a second model written from the same pages",
      "the zone's statistics",
    ],
    notCompared: [
      "macOS itself: nothing here runs on it",
      "how macOS chooses addresses of mappings",
      "threads",
    ],
    knownToDiffer: [],
  },
};

const METER: Subject = {
  id: "meter",
  compared: [
    "pages read, written and zeroed",
    "bytes zeroed, needlessly or not",
    "results of the module, and its traps",
  ],
  notCompared: ["time"],
  knownToDiffer: [],
};
