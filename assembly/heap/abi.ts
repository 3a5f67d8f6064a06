/** What the module exports. */

export {
  aligned_alloc,
  calloc,
  free,
  malloc,
  malloc_usable_size,
  memalign,
  posix_memalign,
  realloc,
} from "./heap";
export { misuse, misused } from "./misuse";
export { scrub, trim } from "./scrub";
export { statistics } from "./statistics";
