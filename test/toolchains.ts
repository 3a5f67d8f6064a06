/** The compilers and linkers of other languages that tests use where they are. */
import { spawnSync } from "node:child_process";

/** By program, what has it. */
const PACKAGES = {
  "wasm-ld": "lld",
  clang: "clang lld wasi-libc libclang-rt-14-dev-wasm32",
  emcc: "emscripten",
  rustc: "rustc libstd-rust-dev-wasm32 lld",
  zig: "zig 0.13 or newer",
};

/** Those that .ci/run installs. */
const IN_CI = ["wasm-ld", "clang", "emcc"];

/**
 * Whether a program is there, and does what `probe` has it do. Says so where it is not.
 * @throws Error in continuous integration, which has to have it
 */
export function hasTool(name: keyof typeof PACKAGES, probe: readonly string[] = ["--version"]): boolean {
  if (spawnSync(name, probe, { stdio: "ignore" }).status === 0) return true;
  const why = `tests with ${name} are not run: install ${PACKAGES[name]}`;
  if (process.env.CI === "true" && IN_CI.includes(name)) throw new Error(why);
  console.warn(why);
  return false;
}
