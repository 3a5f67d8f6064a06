/** Defined (`--use ZP_CHECK=1`) only in check builds. Test it with `isDefined(ZP_CHECK)`. */
declare const ZP_CHECK: i32;
/** Defined only in unmarked builds, which keep no call paths. Only bench/marks.ts uses them. */
declare const ZP_UNMARKED: i32;
