/** The allocators of C's libraries, in a small program (program.c), as Debian's packages build it. */

export interface CFixture {
  compiler: keyof typeof COMPILERS;
  /** The program, from this folder on. */
  source?: string;
  /** They have to make out.wasm. */
  flags: readonly string[];
}

/** Debian 12's versions: addresses and counts are recorded with these. */
export const COMPILERS = { emcc: "3.1.6", clang: "14.0.6" };

/** What these are built by. */
export const C_PACKAGES = "emscripten clang lld wasi-libc libclang-rt-14-dev-wasm32";

const FUNCTIONS = [
  ...["malloc", "calloc", "realloc", "free", "aligned_alloc", "posix_memalign", "malloc_usable_size"],
  ...["starts", "lines"],
];

const emcc = (...flags: string[]): CFixture => ({
  compiler: "emcc",
  flags: [
    ...["-O2", "--no-entry", "-sALLOW_MEMORY_GROWTH", "-sMAXIMUM_MEMORY=4GB"],
    `-sEXPORTED_FUNCTIONS=${FUNCTIONS.map((name) => `_${name}`)}`,
    ...flags,
  ],
});

const wasi = (...flags: string[]): CFixture => ({
  compiler: "clang",
  flags: [
    ...["--target=wasm32-wasi", "-O2", "-o", "out.wasm", "-Wl,--strip-all", `-Wl,--max-memory=${2 ** 32}`],
    ...FUNCTIONS.map((name) => `-Wl,--export=${name}`),
    ...flags,
  ],
});

const STANDALONE = ["-sSTANDALONE_WASM", "-o", "out.wasm"];

/** The same allocator with little memory to begin with, so that what it grows by is what it needs. */
export const small = (allocator: string): CFixture =>
  emcc(`-sMALLOC=${allocator}`, "-sINITIAL_MEMORY=131072", "-sTOTAL_STACK=16384", ...STANDALONE);

/** Linked as libraries: started once. */
export const reactors: Record<string, CFixture> = {
  "emscripten-dlmalloc": emcc("-sMALLOC=dlmalloc", ...STANDALONE),
  "emscripten-emmalloc": emcc("-sMALLOC=emmalloc", ...STANDALONE),
  /** Made for a page: its memory is grown by the host. */
  "emscripten-page": emcc("-sMALLOC=dlmalloc", "-o", "out.js"),
  "wasi-libc": wasi("-mexec-model=reactor"),
};

/** Linked without what starts a library: every export runs the constructors, those of emmalloc among them. */
export const restarting: Record<string, CFixture> = {
  "emmalloc-restarting": emcc("-sMALLOC=emmalloc", ...STANDALONE, "-nostartfiles", "-DOWN_START"),
  "wasi-restarting": wasi("-nostartfiles", "-Wl,--no-entry"),
};

/** To the linker -O means to run wasm-opt, which leaves out the names. */
const NAMED = ["-Xclang", "-O2"];
const RECORDED = { source: "../record/program.c" };
const EXPORTED = ["malloc", "realloc", "free", "aligned_alloc", "zalloc"];

/** A program that uses its allocator inside; as it is built with names, and a command that exports none of them. */
export const recorded: Record<string, CFixture> = {
  "recorded-wasi": {
    ...{ ...RECORDED, compiler: "clang" },
    flags: [
      ...["--target=wasm32-wasi", ...NAMED, "-mbulk-memory", "-mexec-model=reactor", "-o", "out.wasm"],
      ...EXPORTED.map((name) => `-Wl,--export=${name}`),
    ],
  },
  "recorded-emscripten": {
    ...{ ...RECORDED, compiler: "emcc" },
    flags: [
      ...["-O2", "-mbulk-memory", "--no-entry", "--profiling-funcs", "-sALLOW_MEMORY_GROWTH", ...STANDALONE],
      `-sEXPORTED_FUNCTIONS=${["run", "sum", ...EXPORTED].map((name) => `_${name}`)}`,
    ],
  },
  "recorded-command": {
    ...{ ...RECORDED, compiler: "clang" },
    flags: ["--target=wasm32-wasi", ...NAMED, "-mbulk-memory", "-DMAIN", "-o", "out.wasm"],
  },
};

/** With names as short as they get, and the JavaScript beside that knows them. */
export const minified: Record<string, CFixture> = {
  "emscripten-minified": emcc("-O3", "-sMODULARIZE", "-o", "out.js"),
};

const addresses = (bits: 32 | 64): CFixture => ({
  ...{ source: "wide.c", compiler: "clang" },
  flags: [`--target=wasm${bits}`, ...NAMED, "-mbulk-memory", "-nostdlib", "-Wl,--no-entry", "-o", "out.wasm"],
});

/** The same allocator with addresses of 32 and of 64 bits. */
export const wide: Record<string, CFixture> = { "wide-32": addresses(32), "wide-64": addresses(64) };

export const cFixtures: Record<string, CFixture> = {
  ...reactors,
  ...restarting,
  ...recorded,
  ...minified,
  ...wide,
};
