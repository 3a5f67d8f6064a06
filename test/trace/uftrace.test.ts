import { describe, expect, it } from "vitest";
import { operations } from "./helpers.js";

describe("in a log of uftrace,", () => {
  it("a call may end some lines after it began", async () => {
    const lines = `
# DURATION     TID     FUNCTION
            [ 21936] | main() {
            [ 21936] |   std::vector::push_back(0x1, 2) {
            [ 21936] |     malloc(0x10) {
            [ 21938] | other() {
            [ 21938] |   malloc(300) = 0x7f89;
            [ 21936] |       /* linux:sched-out */
            [ 21936] |       sbrk(4096) = 0;
            [ 21936] |     } = 0x5602; /* malloc */
   1.332 us [ 21936] |   } /* std::vector::push_back */
            [ 21936] |   strdup("x") {
            [ 21936] |     malloc(2) = 0x5702;
   1.332 us [ 21936] |   } = "x"; /* strdup */
            [ 21936] |   free(0x5602) {
   1.332 us [ 21936] |   } /* free */
`;
    expect(await operations(lines)).toEqual([
      ...["s other", "a 0 300", "s unknown", "t 2", "s main;std::vector::push_back", "a 1 16"],
      ...["s main;strdup", "a 2 2", "s main", "f 1"],
    ]);
  });
});
