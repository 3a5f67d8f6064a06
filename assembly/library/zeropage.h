/* What the static libraries define besides the functions of <stdlib.h>. */
#ifndef ZEROPAGE_H
#define ZEROPAGE_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of what. All but the last make up the system's. */
struct zeropage_statistics {
  uint32_t system;     /* from the heap's first byte to the end of memory */
  uint32_t slots;      /* small blocks in use, whole */
  uint32_t runs;       /* large blocks in use, whole */
  uint32_t free_slots;
  uint32_t rests;      /* what is left over behind small blocks */
  uint32_t cached;     /* freed, and kept as they are */
  uint32_t free_runs;
  uint32_t fresh;      /* never used */
  uint32_t own;        /* the heap's own */
  uint32_t alien;      /* memory between that others got */
  uint32_t zero;       /* known to be zero */
};

/* Makes one of what is free, for requests of any size. To be called when there is time. */
void zeropage_trim(void);

/* Trims, and makes free memory zero, so that the next calloc need not. */
void zeropage_scrub(void);

/* Walks the heap. The figures are there until the next call. */
const struct zeropage_statistics *zeropage_statistics(void);

#ifdef __cplusplus
}
#endif
#endif
