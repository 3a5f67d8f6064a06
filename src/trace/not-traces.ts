/** Files that people take for traces, and which are none: what they are, and how to get a trace instead. */
import type { TraceHead } from "./format.js";

/** What it is; what it has instead of calls, or is in the way; what to do. */
interface NotTrace {
  what: string;
  /** It begins with one of these, and this stands in its first MARK_BYTES, each byte a character. */
  begins?: readonly string[];
  mark?: RegExp;
  has: string;
  remedy: string;
}

const MARK_BYTES = 4096;

const SUMS = "which has sums by call path, and no calls";
const SAMPLES = "which has samples, and not every call";
const LIVE = "which has what was live at a moment, and no calls";
const RECORD = "record the calls, by `zeropage record -- PROGRAM` or valgrind --trace-malloc=yes";

const NOT_TRACES: readonly NotTrace[] = [
  { what: "output of Massif", mark: /^desc: .*\ncmd: .*\ntime_unit: /, has: SUMS, remedy: RECORD },
  { what: "output of DHAT", mark: /^\{\s*"dhatFileVersion"/, has: SUMS, remedy: RECORD },
  {
    what: "a report of heaptrack_print",
    mark: /^(reading file .*\n[\s\S]*)?MOST CALLS TO ALLOCATION FUNCTIONS/,
    has: SUMS,
    remedy: "give the file that it was made of",
  },
  {
    what: "a file of collapsed stacks",
    mark: /^(?:[^\s;][^\n;]*;[^\n]* \d+\n){2}/,
    has: SUMS,
    remedy: RECORD,
  },
  { what: "a heap profile of jemalloc", begins: ["heap_v2/"], has: SAMPLES, remedy: RECORD },
  { what: "a heap profile of gperftools", begins: ["heap profile: "], has: SAMPLES, remedy: RECORD },
  {
    what: "a profile in the format of pprof",
    begins: ["\n"],
    mark: /inuse_space|alloc_space|inuse_objects/,
    has: SAMPLES,
    remedy: RECORD,
  },
  { what: "a profile for speedscope", mark: /^\{[\s\S]{0,200}speedscope\.app/, has: SUMS, remedy: RECORD },
  { what: "a heap snapshot of V8", mark: /^\{\s*"snapshot":\s*\{\s*"meta"/, has: LIVE, remedy: RECORD },
  { what: "a heap profile of V8", mark: /^\{\s*"head":\s*\{\s*"callFrame"/, has: SAMPLES, remedy: RECORD },
  { what: "a heap dump of Java", begins: ["JAVA PROFILE 1."], has: LIVE, remedy: RECORD },
  {
    what: "a native heap dump of Android",
    begins: ["Android Native Heap Dump"],
    has: LIVE,
    remedy: "record the calls with the option record_allocs of malloc debug",
  },
  {
    what: "a report of DMD",
    mark: /^\{[\s\S]{0,200}"dmdEnvVar"/,
    has: LIVE,
    remedy: "record the calls with MALLOC_LOG, as logalloc does",
  },
  {
    what: "a snapshot of tracemalloc",
    begins: ["\x80\x03", "\x80\x04", "\x80\x05"],
    mark: /tracemalloc/,
    has: LIVE,
    remedy: RECORD,
  },
  { what: "a capture of memray", begins: ["memray\0"], has: "in a layout that is not read", remedy: RECORD },
  {
    what: "a tracing file of mpatrol",
    begins: ["MTRC"],
    has: "in a layout that is not read",
    remedy: RECORD,
  },
  {
    what: "data of perf",
    begins: ["PERFILE2", "2ELIFREP"],
    has: "which perf alone reads",
    remedy: "print it, if it has probes of malloc, free and their returns (perf script -i FILE > trace.txt)",
  },
  {
    what: "data of LTTng",
    begins: ["\xc1\x1f\xfc\xc1", "\xc1\xfc\x1f\xc1", "/* CTF 1."],
    has: "which is a part of a folder",
    remedy: "print that (babeltrace2 FOLDER > FILE)",
  },
  {
    what: "data of uftrace",
    begins: ["Ftrace!"],
    has: "which is a part of a folder",
    remedy: "print that (uftrace replay -d FOLDER > FILE)",
  },
  {
    what: "a report of a sanitizer",
    mark: /^[\s\S]{0,1000}==\d+==\s?ERROR: (Address|Leak|Memory|HWAddress)Sanitizer/,
    has: "which has errors, and no calls",
    remedy: RECORD,
  },
  {
    what: "statistics of an allocator",
    mark: /^(\s*<malloc version="|___ Begin jemalloc statistics|-+\nMALLOC: |Arena \d+:\nsystem bytes )/,
    has: "and no calls",
    remedy: RECORD,
  },
  {
    what: "a wasm module",
    begins: ["\0asm"],
    has: "and no trace of it",
    remedy: "record the calls (zeropage record FILE), or measure it (zeropage bench FILE)",
  },
  {
    what: "a program",
    begins: ["\x7fELF", "MZ\x90\0", "\xcf\xfa\xed\xfe"],
    has: "and no trace of it",
    remedy: RECORD,
  },
  {
    what: "a tar archive",
    mark: /^[\s\S]{257}ustar/,
    has: "and not a file",
    remedy: "unpack it first (tar -xf FILE)",
  },
  {
    what: "text in UTF-16",
    mark: /^(\xff\xfe|\xfe\xff|([\t\n\r -~]\0){8}|(\0[\t\n\r -~]){8})/,
    has: "and not in UTF-8",
    remedy: "convert it (iconv -f UTF-16 -t UTF-8 FILE)",
  },
];

/** What to do about a file that is no trace, in a sentence; undefined for any other. */
export function notTraceRemedy({ bytes }: TraceHead): string | undefined {
  const beginning = String.fromCharCode(...bytes.subarray(0, MARK_BYTES));
  const found = NOT_TRACES.find(
    ({ begins, mark }) =>
      (begins?.some((text) => beginning.startsWith(text)) ?? true) && (mark?.test(beginning) ?? true),
  );
  return found && `this is ${found.what}, ${found.has}: ${found.remedy}`;
}

/** What to say of a file that is not text and nothing that is known. */
export function binaryRemedy({ bytes }: TraceHead): string | undefined {
  if (!bytes.subarray(0, MARK_BYTES).includes(0)) return undefined;
  return (
    "this is a binary file of no kind that is known. What glibc's dj/malloc branch and glibc-malloc-trace-utils write " +
    "(mtrace.out.PID, and workloads made of it) is such: its layout is not documented, so that it cannot be read; " +
    RECORD
  );
}
