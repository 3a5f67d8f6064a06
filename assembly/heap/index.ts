/** What programs of AssemblyScript import: `import { malloc, free } from "zeropage/assembly/heap"`. */
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
export { statistics } from "./statistics";
