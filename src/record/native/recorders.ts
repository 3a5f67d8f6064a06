/** What records: a library that is preloaded, or Valgrind. */
export const RECORDERS = ["preload", "valgrind"] as const;
export type RecorderName = (typeof RECORDERS)[number];
