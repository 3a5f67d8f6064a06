import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/base/errors.js";
import { detectFormat } from "../../src/trace/formats.js";

/** Each character a byte. */
const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

function failureOf(text: string): unknown {
  try {
    return detectFormat(bytes(text)).name;
  } catch (error) {
    return error;
  }
}

const MASSIF = `desc: --massif-out-file=massif.out
cmd: ./program
time_unit: i
#-----------
snapshot=0
#-----------
n2: 6406 (heap allocation functions) malloc/new/new[], --alloc-fns, etc.
 n1: 4096 0x1092BA: main (program.c:20)
`;
const DHAT = `{"dhatFileVersion":2
,"mode":"heap","verb":"Allocated"
,"ftbl":["[root]","0x48407B4: malloc (vg_replace_malloc.c:381)"]
`;

describe("a file that is no trace", () => {
  it.each([
    ["output of Massif", MASSIF],
    ["output of DHAT", DHAT],
    [
      "a report of heaptrack_print",
      'reading file "a.zst" - please wait\n\nMOST CALLS TO ALLOCATION FUNCTIONS\n4 calls to malloc\n',
    ],
    ["a file of collapsed stacks", "main (a.c);grab (a.c); 4\nmain (a.c);operator new(unsigned long) 12\n"],
    ["a heap profile of jemalloc", "heap_v2/524288\n  t*: 28106: 56637512 [0: 0]\n"],
    ["a heap profile of gperftools", "heap profile:     23:    27106 [    42:    56637] @ heap_v2/524288\n"],
    ["a profile in the format of pprof", "\n\x04\x08\x01\x10\x022\0\x0binuse_space"],
    [
      "a profile for speedscope",
      '{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{}}',
    ],
    ["a heap snapshot of V8", '{"snapshot":{"meta":{"node_fields":["type"]}}}'],
    ["a heap profile of V8", '{"head":{"callFrame":{"functionName":"(root)"}}}'],
    ["a heap dump of Java", "JAVA PROFILE 1.0.2\0\0\0"],
    ["a native heap dump of Android", "Android Native Heap Dump v1.2\n\nBuild fingerprint: 'x'\n"],
    ["a report of DMD", '{\n "version": 5,\n "invocation": {\n  "dmdEnvVar": "1"\n }\n}\n'],
    ["a snapshot of tracemalloc", "\x80\x05\x95\x80\0\0\0\0\0\0\0\x8c\x0btracemalloc\x94"],
    ["a capture of memray", "memray\0\x0c\0\0\0"],
    ["a tracing file of mpatrol", "MTRC\x01\0\0\0"],
    ["data of perf", "PERFILE2h\0\0\0"],
    ["data of LTTng", "\xc1\x1f\xfc\xc1\0\0"],
    ["data of LTTng", "/* CTF 1.8 */\n\ntypealias integer\n"],
    ["data of uftrace", "Ftrace!\0\x04\0\0\0"],
    [
      "a report of a sanitizer",
      "=====\n==12==ERROR: LeakSanitizer: detected memory leaks\n    #0 0x7f in malloc (/lib/libasan.so+0x1)\n",
    ],
    ["statistics of an allocator", '<malloc version="1">\n<heap nr="0">\n'],
    ["statistics of an allocator", "___ Begin jemalloc statistics ___\nVersion: 5\n"],
    ["statistics of an allocator", "Arena 0:\nsystem bytes     =     135168\n"],
    ["a wasm module", "\0asm\x01\0\0\0"],
    ["a program", "\x7fELF\x02\x01\x01\0"],
    ["a tar archive", `trace/${"\0".repeat(251)}ustar  \0`],
    ["text in UTF-16", "\xff\xfea\0 \x000\0 \x008\0"],
    ["text in UTF-16", "a\0 \x000\0 \x008\0\n\0f\0 \x000\0"],
    ["text in UTF-16", "\0a\0 \x000\0 \x008\0\n\0f\0 \x000"],
  ])("is named: %s", (what, text) => {
    const error = failureOf(text);
    expect(error).toBeInstanceOf(TraceError);
    expect((error as TraceError).message).toMatch(
      new RegExp(`^this is ${what}, (which|and|in) [^:]+: [^:]+$`),
    );
  });

  it("says how to get a trace instead", () => {
    expect(failureOf(MASSIF)).toMatchObject({
      message:
        "this is output of Massif, which has sums by call path, and no calls: " +
        "record the calls, by `zeropage record -- PROGRAM` or valgrind --trace-malloc=yes",
    });
    expect(failureOf("PERFILE2")).toMatchObject({
      message: expect.stringContaining("(perf script -i FILE > trace.txt)"),
    });
  });

  it("is told to be binary where no more is known of it", () => {
    expect(failureOf("\x01\0\0\0\x10\0\0\0some words")).toMatchObject({
      message: expect.stringMatching(
        /^this is a binary file of no kind that is known.*mtrace\.out.*; record the calls, by `zeropage record/,
      ),
    });
  });
});
