/** The system's own malloc beside the models, where there is a C compiler. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LOOP = `
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* argv: bytes, count. Prints milliseconds. */
int main(int argc, char **argv) {
  size_t bytes = strtoull(argv[1], 0, 10);
  long count = atol(argv[2]);
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (long i = 0; i < count; i++) {
    void *volatile p = calloc(1, bytes);
    free(p);
  }
  clock_gettime(CLOCK_MONOTONIC, &b);
  printf("%f", (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6);
  return argc - 3;
}`;

/** Benfield's loop under the system's malloc, in milliseconds; null where no C compiler is found. */
export function nativeLoop(): ((bytes: number, count: number, env?: NodeJS.ProcessEnv) => number) | null {
  const folder = mkdtempSync(join(tmpdir(), "zeropage-"));
  const source = join(folder, "loop.c");
  const program = join(folder, "loop");
  writeFileSync(source, LOOP);
  try {
    execFileSync("cc", ["-O0", "-o", program, source], { stdio: "ignore" });
  } catch {
    return null;
  }
  return (bytes, count, env = {}) =>
    Number(execFileSync(program, [String(bytes), String(count)], { env: { ...process.env, ...env } }));
}
