/** The tools of other languages that tests use where they are. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** By program, what has it. */
const PACKAGES = {
  "wasm-ld": "lld",
  clang: "clang lld wasi-libc libclang-rt-14-dev-wasm32",
  emcc: "emscripten",
  gcc: "gcc libc6-dev",
  git: "git",
  go: "golang",
  python3: "python3",
  rustc: "rustc libstd-rust-dev-wasm32 lld",
  valgrind: "valgrind",
  zig: "Zig 0.11 to 0.13",
};

const WASI_HEADERS = "/usr/include/wasm32-wasi/stdlib.h";

/** Those that .ci/run installs. */
const IN_CI = ["wasm-ld", "clang", "emcc", "gcc", "git"];

/**
 * Whether a program is there, with all that tests need of it. Says so where it is not.
 * @throws Error in continuous integration, which has to have it
 */
export function hasTool(name: keyof typeof PACKAGES): boolean {
  if (PROBES[name]?.() ?? answers(name, "--version")) return true;
  const why = `tests with ${name} are not run: install ${PACKAGES[name]}`;
  if (process.env.CI === "true" && IN_CI.includes(name)) throw new Error(why);
  console.warn(why);
  return false;
}

const answers = (name: string, question: string) =>
  spawnSync(name, [question], { stdio: "ignore" }).status === 0;

/** Of those that may be there and not do. */
const PROBES: Partial<Record<keyof typeof PACKAGES, () => boolean>> = {
  clang: () => answers("clang", "--version") && answers("wasm-ld", "--version") && existsSync(WASI_HEADERS),
  rustc: () => {
    const question = ["--target=wasm32-unknown-unknown", "--print=target-libdir"];
    return existsSync(spawnSync("rustc", question, { encoding: "utf8" }).stdout?.trim() ?? "");
  },
  go: () => answers("go", "version"),
  zig: () => answers("zig", "version"),
};
