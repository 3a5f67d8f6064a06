/** Defined (`--use ZP_CHECK=1`) in check builds only: test with `isDefined(ZP_CHECK)`. */
declare const ZP_CHECK: i32;
