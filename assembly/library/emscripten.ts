/** What the static library for emscripten defines. */
export * from "./c";
export { brk, emscripten_get_sbrk_ptr, sbrk } from "./sbrk";
