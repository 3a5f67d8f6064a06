/** C programs that ask the real Linux kernel. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Why the kernel here does not place mappings as the simulated one does; null if it does. */
export function whyNotToday(): string | null {
  if (process.platform !== "linux") return "not Linux";
  const [major = 0, minor = 0] = release().split(".").map(Number);
  if (major > 6 || (major === 6 && minor >= 13)) return null;
  return `Linux ${release()} aligns other mappings than what is simulated, 6.13 and later`;
}

/** Whether the kernel here maps a page of zeroes for what is read and was never written, as the machine's `zeroPage`. */
export function zeroPageHere(): "shared" | "none" {
  if (process.platform !== "linux") return "shared";
  return /\bpvm_no_zero_page=1\b/.test(readFileSync("/proc/cmdline", "utf8")) ? "none" : "shared";
}

const TRIES = 5;

/**
 * What the real kernel answers, asked again if that is not what is expected: what is found each time is a difference. On a busy
 * machine a read of the disk may take until after the step, pages be moved, and khugepaged, which looks for pages to collapse
 * every ten seconds, come between.
 */
export function settled<T>(ask: () => T, isExpected: (answer: T) => boolean): T {
  let answer = ask();
  for (let tries = 1; tries < TRIES && !isExpected(answer); tries++) answer = ask();
  return answer;
}

/** Compiles it. Returns why it could not be; in CI, which has a compiler, it is the program that is wrong. */
function whyNotCompiled(name: string, program: string, flags: readonly string[]): string | null {
  const source = fileURLToPath(new URL(`../oracle/${name}.c`, import.meta.url));
  try {
    execFileSync("cc", ["-O1", ...flags, "-o", program, source]);
    return null;
  } catch (error) {
    if (process.env.CI === "true") throw error;
    return `no C compiler: ${error}`;
  }
}

/** What `ask` answers; or the reason, if the program may not see what it tells. */
function askOf<T>(program: string, ask: (program: string) => T): T | string {
  try {
    return ask(program);
  } catch (error) {
    return `no leave to read page maps: ${error}`;
  }
}

/**
 * Compiles `test/oracle/NAME.c` and asks what `ask` does of the program.
 * Returns why the real kernel cannot be asked here, if it cannot.
 */
export function askKernel<T>(
  name: string,
  ask: (program: string) => T,
  flags: readonly string[] = [],
): T | string {
  if (process.platform !== "linux") return "not Linux";
  if (/\[always\]/.test(readFileSync("/sys/kernel/mm/transparent_hugepage/enabled", "utf8"))) {
    return "the kernel uses huge pages for everything";
  }
  const folder = mkdtempSync(join(tmpdir(), "zeropage-kernel-"));
  try {
    const program = join(folder, name);
    return whyNotCompiled(name, program, flags) ?? askOf(program, ask);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
