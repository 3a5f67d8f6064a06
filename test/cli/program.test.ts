import { describe, expect, test } from "vitest";
import { builtInModules } from "../../src/allocator/built-in.js";
import { joinWords } from "../../src/base/numbers.js";
import { run } from "./fakes.js";

describe("help", () => {
  test("lists the commands", async () => {
    const { code, stdout, stderr } = await run(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: zeropage [options] [command]

      Shows, to the page, what an allocation really costs.

      Options:
        -V, --version                 output the version number
        -h, --help                    display help for command

      Commands:
        run                           run an experiment on allocators
        cliffs [options]              at which sizes the cost of calloc(1, n); free
                                      changes kind, to the byte
        record [options] [words...]   run a native program (Linux) or a WASI program
                                      in a wasm file, and write what it asks of its
                                      allocator as a trace
        replay [options] [file]       replay a trace of a real program, plain, gzipped
                                      or packed by zstd
        tune [options] [traces...]    find which allocator, with which settings, suits
                                      a program, from its trace
        check [options] <module>      check the allocator in a wasm module against
                                      what the C library promises
        profile [options] <what>      show where the simulated time of one run goes,
                                      by call path; or what each allocation site of a
                                      trace holds and causes
        calibrate [options]           measure what faults and clearing cost on this
                                      host, as a cost profile for --costs
        bench [options] [modules...]  measure wasm allocators against each other:
                                      time, memory, pages and zeroing
        merge [options] <files...>    merge the records of all shards of a bench or a
                                      tune into one report
        models [options]              list the allocator models and their options, and
                                      the wasm allocators that come with zeropage
        web [options]                 serve the web page: two allocators side by side,
                                      page by page; Ctrl-C stops it
        help [command]                display help for command

      Examples:
        zeropage run calloc-loop
        zeropage cliffs --chart cliffs.svg
        zeropage replay trace.txt.gz --allocator libmalloc --touch pages
        zeropage web
        zeropage models
      "
    `);
  });

  test("of the calloc loop", async () => {
    expect((await run(["run", "calloc-loop", "--help"])).stdout).toMatchInlineSnapshot(`
      "Usage: zeropage run calloc-loop [options]

      p = calloc(1, n); free(p), over and over: who zeroes the memory, and is it
      needed?

      Options:
        --size <sizes>         size of the block: bytes, or KiB, MiB, GiB; several by
                               commas (default: "100MiB,1000MiB", with wasm modules
                               "100MiB")
        --count <number>       how many times (default: "10000", with wasm modules
                               "100")
        --written <share>      share of the block the program writes each time, 0% to
                               100% (default: "0%")
        --allocator <list>     allocators to run (default: the best known models; all:
                               every model)
        --costs <name>         cost profile for simulated time: linux-vm, macos-2016,
                               or a file that zeropage calibrate saved (default: the
                               one of the kernel)
        --check                run models on the check build, which validates the
                               machine as it goes
        --clock <nanoseconds>  what the clock of models goes on before each operation;
                               without it, it stands still, or is what the trace sets
        --json                 print results as JSON
        --csv                  print results as CSV
        --markdown             print results as a Markdown table
        --timeout <time>       end a module that makes no progress for this long
                               (default: "60s")
        --memory <size>        memory limit of a module (default: "4GiB")
        --glue <file>          the JavaScript that Emscripten wrote for a module,
                               which knows the names it made short (default: found
                               beside it)
        --force                replace files that are there (never one that is read)
        --chart <file>         draw who zeroed the memory, as an SVG image
        -h, --help             display help for command

      An allocator is a model with options, as \`zeropage models\` lists them; several are separated by commas:
        libmalloc,libmalloc:zeroing=dirty,libmalloc:memory=64GiB,naive:pageSize=16KiB
      Or it is a wasm module, which really runs: write its path, or the name of one that comes
      with zeropage (as-tlsf, as-stub, heap); options name functions that zeropage does not find itself
      (malloc, calloc, realloc, free, aligned, posixAligned, memalign, usableSize, pin), their calling convention,
      and imports with short names (resize, memcpy, abort):
        lazy,as-tlsf,mine.wasm,other.wasm:malloc=take:free=give

      Examples:
        zeropage run calloc-loop
        zeropage run calloc-loop --size 100MiB,1000MiB --allocator libmalloc,libmalloc:zeroing=dirty
        zeropage run calloc-loop --written 25% --chart zeroed.svg
        zeropage run calloc-loop --allocator heap,as-tlsf
      "
    `);
  });

  test("of the cliffs", async () => {
    expect((await run(["cliffs", "--help"])).stdout).toMatchInlineSnapshot(`
      "Usage: zeropage cliffs [options]

      at which sizes the cost of calloc(1, n); free changes kind, to the byte

      Options:
        --from <size>          smallest n: bytes, or KiB, MiB, GiB (default: "1KiB")
        --to <size>            largest n (default: "1GiB")
        --allocator <list>     allocators to run (default: the best known models; all:
                               every model)
        --costs <name>         cost profile for simulated time: linux-vm, macos-2016,
                               or a file that zeropage calibrate saved (default: the
                               one of the kernel)
        --check                run models on the check build, which validates the
                               machine as it goes
        --clock <nanoseconds>  what the clock of models goes on before each operation;
                               without it, it stands still, or is what the trace sets
        --json                 print results as JSON
        --csv                  print results as CSV
        --markdown             print results as a Markdown table
        --timeout <time>       end a module that makes no progress for this long
                               (default: "60s")
        --memory <size>        memory limit of a module (default: "4GiB")
        --glue <file>          the JavaScript that Emscripten wrote for a module,
                               which knows the names it made short (default: found
                               beside it)
        --force                replace files that are there (never one that is read)
        --chart <file>         draw cost against size, of all allocators together, as
                               an SVG image
        -h, --help             display help for command

      An allocator is a model with options, as \`zeropage models\` lists them; several are separated by commas:
        libmalloc,libmalloc:zeroing=dirty,libmalloc:memory=64GiB,naive:pageSize=16KiB
      Or it is a wasm module, which really runs: write its path, or the name of one that comes
      with zeropage (as-tlsf, as-stub, heap); options name functions that zeropage does not find itself
      (malloc, calloc, realloc, free, aligned, posixAligned, memalign, usableSize, pin), their calling convention,
      and imports with short names (resize, memcpy, abort):
        lazy,as-tlsf,mine.wasm,other.wasm:malloc=take:free=give

      Examples:
        zeropage cliffs
        zeropage cliffs --allocator glibc,glibc:mmapThreshold=4GiB:trimThreshold=8GiB
        zeropage cliffs --from 64KiB --to 256MiB --chart cliffs.svg
      "
    `);
  });

  test("of a replay", async () => {
    expect((await run(["replay", "--help"])).stdout).toMatchInlineSnapshot(`
      "Usage: zeropage replay [options] [file]

      replay a trace of a real program, plain, gzipped or packed by zstd

      Arguments:
        file                   the trace; - is standard input

      Options:
        --workload <workload>  a workload instead of a trace
        --touch <policy>       what the program touches of a new object: none, first,
                               pages, object (default: "none")
        --format <format>      format of the trace, if zeropage does not recognise it:
                               text, rep, log, ltrace, mtrace, lttng, uftrace, perf,
                               aosp, logalloc, kdump, journal, wee-alloc, heaptrack,
                               valgrind
        --process <number>     the process to read, by its number, of a trace that has
                               several
        --allocator <list>     allocators to run (default: the best known models; all:
                               every model)
        --costs <name>         cost profile for simulated time: linux-vm, macos-2016,
                               or a file that zeropage calibrate saved (default: the
                               one of the kernel)
        --check                run models on the check build, which validates the
                               machine as it goes
        --clock <nanoseconds>  what the clock of models goes on before each operation;
                               without it, it stands still, or is what the trace sets
        --json                 print results as JSON
        --csv                  print results as CSV
        --markdown             print results as a Markdown table
        --timeout <time>       end a module that makes no progress for this long
                               (default: "60s")
        --memory <size>        memory limit of a module (default: "4GiB")
        --glue <file>          the JavaScript that Emscripten wrote for a module,
                               which knows the names it made short (default: found
                               beside it)
        --force                replace files that are there (never one that is read)
        --trim                 at the end let models give back what they keep, as by
                               malloc_trim(0); show bytes before and after
        --verify               replay a second time on models, too, and see whether
                               their blocks are kept
        --no-verify            replay once on modules, and not again to see whether
                               they lie
        --timeline <file>      draw in use, system and resident bytes over time, as an
                               SVG image
        --every <operations>   with --csv or --json, also a row of these bytes after
                               every so many operations; with --timeline, the points
                               of the chart
        --addresses <file>     write the address that each operation returned, one per
                               line: hexadecimal, 0x0 for no memory, - for an
                               operation that allocates nothing; needs exactly one
                               --allocator
        --malloc-stats <file>  write what malloc_stats prints, at each mark of the
                               trace and at its end; of the models glibc, mimalloc and
                               tcmalloc
        --malloc-info <file>   the same of malloc_info, which is XML; of the model
                               glibc alone
        -h, --help             display help for command

      An allocator is a model with options, as \`zeropage models\` lists them; several are separated by commas:
        libmalloc,libmalloc:zeroing=dirty,libmalloc:memory=64GiB,naive:pageSize=16KiB
      Or it is a wasm module, which really runs: write its path, or the name of one that comes
      with zeropage (as-tlsf, as-stub, heap); options name functions that zeropage does not find itself
      (malloc, calloc, realloc, free, aligned, posixAligned, memalign, usableSize, pin), their calling convention,
      and imports with short names (resize, memcpy, abort):
        lazy,as-tlsf,mine.wasm,other.wasm:malloc=take:free=give

      A workload is a trace that is made, the same on every host, and written as zipf or zipf:ops=200000:live=5000:seed=7:
        mixed     sizes of every kind, most objects die young
        zipf      few sizes make up most requests: the k-th is asked for 1/k as often; lifetimes are random
        bursts    fills the heap, frees all but a sixteenth in random order, and so on
        fifo      a queue: the oldest object is freed first
        lifo      a stack: the newest object is freed first
        reallocs  buffers that grow by half until they are large
        large     blocks of 64 KiB to 4 MiB, a third of them by calloc
      Its options:
        ops      operations
        live     objects alive at once, about
        min      least size
        max      largest size
        sizes    how sizes are spread: every doubling alike, every size alike, or the k-th size 1/k as often
        life     which object is freed next; young: half of the time the newest
        calloc   share of the allocations that are calloc
        aligned  share of the allocations that are aligned, to 16 to 256 bytes
        realloc  share of the operations that are realloc
        resize   what realloc asks for: any size, or half as much again
        seed     seed of the random numbers

      Examples:
        zeropage replay trace.txt.gz
        zeropage replay trace.rep --allocator libmalloc --touch pages --timeline bytes.svg
        zeropage replay trace.txt --allocator glibc --addresses glibc.txt
        zeropage replay trace.txt --allocator glibc,libmalloc --trim --every 1000 --csv
        zeropage replay --workload bursts:live=20000 --allocator glibc,as-tlsf
        ltrace -f -o ls.log ls; zeropage replay ls.log --touch first
        valgrind --trace-malloc=yes ls 2>&1 >/dev/null | zeropage replay - --format valgrind
      "
    `);
  });

  test.each([
    ["run", "--help"],
    ["models", "--help"],
    ["help", "replay"],
  ])("of %s %s", async (...argv) => {
    const { code, stdout } = await run(argv);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: zeropage /);
  });

  test("is given to who asks for nothing, as a usage error", async () => {
    for (const argv of [[], ["run"]]) {
      const { code, stdout, stderr } = await run(argv);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^Usage: zeropage /);
    }
  });
});

test("--version is the package's", async () => {
  expect(await run(["--version"])).toMatchObject({ code: 0, stdout: "1.2.3\n" });
});

test.each([
  [["rnu"], "unknown command 'rnu' (Did you mean run?)"],
  [["run", "malloc-loop"], "unknown command 'malloc-loop' (Did you mean calloc-loop?)"],
  [["run", "calloc-loop", "--sizes", "1"], "unknown option '--sizes' (Did you mean --size?)"],
  [["run", "calloc-loop", "--size"], "option '--size <sizes>' argument missing"],
  [["run", "calloc-loop", "1MiB"], "too many arguments for 'calloc-loop'. Expected 0 arguments but got 1."],
  [["run", "calloc-loop", "--json", "--csv"], "option '--json' cannot be used with option '--csv'"],
  [
    ["run", "calloc-loop", "--count", "many"],
    '--count: "many" is not a count: write a whole number from 1, such as 10000',
  ],
  [
    ["run", "calloc-loop", "--allocator", "x"],
    `--allocator: there is no model "x"; there are lazy and libmalloc, and the modules ${joinWords(builtInModules.map(({ name }) => name))}`,
  ],
])("%j is a usage error in one line", async (argv, message) => {
  const { code, stdout, stderr, asked } = await run(argv);
  expect({ code, stdout, asked }).toEqual({ code: 2, stdout: "", asked: [] });
  expect(stderr).toBe(`zeropage: ${message}\n`);
});

describe("models", () => {
  test("are listed for people", async () => {
    expect((await run(["models"])).stdout).toMatchInlineSnapshot(`
      "lazy (kernel linux)
        Always fresh from the kernel.

      libmalloc (kernel darwin)
        The large path of macOS 10.12.
        version 116 is read, and never run
          zeroing=always|dirty       what calloc zeroes of a cached block (default always)
          memory=SIZE                memory the limit of the reserve is taken from (default 16GiB)
          slots=NUMBER               blocks the cache holds (default 16)

      every model (lazy and libmalloc)
          pageSize=4KiB|16KiB|64KiB  bytes of a page (default 4KiB)
          kernel=linux|darwin        kernel to imitate (default the model's own)

      as-tlsf (wasm module)
        AssemblyScript's own: two-level segregated fit (TLSF)

      as-stub (wasm module)
        AssemblyScript's stub: the next bytes of its memory; frees nothing but the last block

      heap (wasm module)
        the project's own: calloc costs what is touched; free memory is never read or written

      every wasm module, by its name here or its path
          malloc, calloc, realloc, free, aligned, posixAligned, memalign, usableSize, pin, convention, resize, memcpy, abort
      "
    `);
  });

  test("are listed as JSON", async () => {
    const { models, machineOptions } = JSON.parse((await run(["models", "--json"])).stdout);
    expect(models.map((model: { name: string }) => model.name)).toEqual(["lazy", "libmalloc"]);
    expect(machineOptions[0]).toMatchObject({ name: "pageSize", default: 4096 });
  });
});
