/** What the static libraries define: the functions of C's heap, and our own under names that nobody else has. */
export {
  aligned_alloc,
  calloc,
  free,
  malloc,
  malloc_usable_size,
  memalign,
  posix_memalign,
  realloc,
} from "../heap/heap";
export { misuse as zeropage_misuse, misused as zeropage_misused } from "../heap/misuse";
export { scrub as zeropage_scrub, trim as zeropage_trim } from "../heap/scrub";
export { statistics as zeropage_statistics } from "../heap/statistics";
