/** Defined (`--use ZP_CHECK=1`) in check builds only: test with `isDefined(ZP_CHECK)`. */
declare const ZP_CHECK: i32;
/** Defined in unmarked builds, which only bench/marks.ts asks for: no call paths are kept. */
declare const ZP_UNMARKED: i32;
