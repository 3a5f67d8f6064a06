/** The random programs on which order.test.ts holds the model to the reference. */
const KIB = 1024;
const GIB = 2 ** 30;

/** Options, and the largest tiny, small and medium request. */
export const ORDER_CASES = [
  { options: { cpus: 1 }, limits: [1008, 127 * KIB] },
  { options: { cpus: 2 }, limits: [1008, 127 * KIB] },
  { options: { cpus: 2, pageSize: 16384 }, limits: [1008, 127 * KIB] },
  { options: { cpus: 8, version: 166, zeroing: "dirty" }, limits: [1008, 127 * KIB] },
  { options: { cpus: 2, version: 166 }, limits: [1008, 127 * KIB] },
  { options: { cpus: 2, version: 283 }, limits: [1008, 32 * KIB] },
  { options: { cpus: 1, version: 425 }, limits: [1008, 32 * KIB] },
  { options: { cpus: 2, version: 283, memory: 64 * GIB }, limits: [1008, 32 * KIB, 8192 * KIB] },
  { options: { cpus: 2, version: 792, memory: 64 * GIB }, limits: [1008, 32 * KIB, 8192 * KIB] },
  { options: { cpus: 2, version: 425, memory: 600 * GIB }, limits: [1008, 32 * KIB, 8192 * KIB] },
  { options: { cpus: 2, version: 425, pageSize: 16384 }, limits: [1008, 32 * KIB, 8192 * KIB] },
];

export const ORDER_SEEDS = [1, 2];
/** Of each program. */
export const ORDER_OPERATIONS = 14_000;
