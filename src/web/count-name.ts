/** What is counted, and compared from one operation to the next (measure.ts says how). */
export type CountName = "needless" | "faults" | "syscalls" | "resident";
