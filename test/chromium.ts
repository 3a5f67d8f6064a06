import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

/** The system's Chromium: `CHROMIUM_PATH` where it is set, or else the first of the usual names on PATH. */
export function findChromium(): string | undefined {
  const { CHROMIUM_PATH, PATH = "" } = process.env;
  if (CHROMIUM_PATH) return isExecutable(CHROMIUM_PATH) ? CHROMIUM_PATH : undefined;
  const folders = [...PATH.split(delimiter).filter(Boolean), "/usr/bin"];
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How Playwright starts it. Used by vitest's browser project and by tests that open a page of their own. */
export function chromiumLaunchOptions(executablePath: string) {
  return {
    executablePath,
    // Chromium refuses to sandbox itself for root, which is what containers and CI run as.
    chromiumSandbox: process.getuid?.() !== 0,
    // Without these it calls home at every start, which a closed network refuses slowly.
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  };
}
