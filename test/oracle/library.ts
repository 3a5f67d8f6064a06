/** Where the C libraries are that the oracle can ask beside the system's: fetch-libc.sh puts them there. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const CACHE =
  process.env.ZEROPAGE_GLIBC ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "zeropage", "glibc");

/** A C library in a folder of its own. */
export interface Library {
  /** Debian's version of the package. */
  packageVersion: string;
  /** What links a program to it, and to its dynamic linker. Headers stay the system's: the interface is the same. */
  flags: string[];
}

/** The fetched library of a release, such as 2.41; null if there is none. */
export function findLibrary(version: string): Library | null {
  const folder = join(CACHE, version);
  if (!existsSync(join(folder, "package"))) return null;
  return {
    packageVersion: readFileSync(join(folder, "package"), "utf8").trim(),
    flags: [`-Wl,--dynamic-linker=${join(folder, "ld-linux-x86-64.so.2")}`, `-Wl,-rpath=${folder}`],
  };
}
