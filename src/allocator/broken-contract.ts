/** What a verified replay finds, in words: the same of modules and of models. */

const hex = (address: number): string => `0x${address.toString(16)}`;

export const brokenContract = {
  overwritten: (pointer: number, offset: number) =>
    `the object at ${hex(pointer)} was overwritten at offset ${offset}: blocks overlap, or a copy is wrong`,
  notZero: (pointer: number, offset: number) =>
    `calloc returned ${hex(pointer)}, which is not zero at offset ${offset}`,
  misaligned: (pointer: number, align: number) =>
    `it returned ${hex(pointer)}, which is not aligned to ${align}`,
  overflowed: (pointer: number, bits: 32 | 64) =>
    `calloc returned ${hex(pointer)} though count times size exceeds ${bits} bits`,
} as const;
