/** Defined (`--use ZP_CHECK=1`) only in check builds. Test it with `isDefined(ZP_CHECK)`. */
declare const ZP_CHECK: i32;
/** Defined in modules whose machine has files and a page cache. The others are smaller. */
declare const ZP_FILES: i32;
/** Defined in modules whose machine places and limits memory as it is told. The others are smaller. */
declare const ZP_PLACEMENT: i32;
/** Defined in modules whose machine has huge pages. The others are smaller. */
declare const ZP_HUGE: i32;
/** Defined only in unmarked builds, which keep no call paths. Only bench/marks.ts uses them. */
declare const ZP_UNMARKED: i32;

/** What builds of the heap choose: assembly/heap/config.ts. */
declare const ZP_ALIGN_SHIFT: u32;
declare const ZP_UNIT_SHIFT: u32;
declare const ZP_MOST_SLOT_BYTES: u32;
declare const ZP_SPAN_BYTES: u32;
declare const ZP_MOST_CACHED_UNITS: u32;
declare const ZP_MOST_KEPT: u32;
declare const ZP_STEP_SHIFT: u32;
/** Defined in builds of the heap whose host lets pages go. */
declare const ZP_DISCARD: i32;
/** Defined in builds of the heap that notice no misuse. */
declare const ZP_TRUSTING: i32;
/** Defined in builds that a linker of another language links; and besides for programs of emscripten. */
declare const ZP_LINKED: i32;
declare const ZP_EMSCRIPTEN: i32;
/** Defined in programs of AssemblyScript with our runtime: assembly/runtime/globals.ts. */
declare const ZP_RUNTIME: i32;
declare function __zp_aligned_alloc(align: usize, bytes: usize): usize;
declare function __zp_calloc(count: usize, size: usize): usize;
declare function __zp_free(pointer: usize): void;
declare function __zp_malloc(bytes: usize): usize;
declare function __zp_malloc_usable_size(pointer: usize): usize;
declare function __zp_memalign(align: usize, bytes: usize): usize;
declare function __zp_posix_memalign(result: usize, align: usize, bytes: usize): i32;
declare function __zp_realloc(pointer: usize, bytes: usize): usize;
declare function __zp_misuse(): usize;
declare function __zp_misused(): usize;
declare function __zp_statistics(): usize;
declare function __zp_scrub(): void;
declare function __zp_trim(): void;

/** What asc defines for runtimes. */
declare function __typeinfo(id: u32): u32;
declare function __visit_globals(cookie: u32): void;
declare function __visit_members(reference: usize, cookie: u32): void;
/** Defined by a program that wants to know. */
declare function __finalize(reference: usize): void;
