/** A copy of the tree, in a temporary folder, where mutants are built and tested; the tree itself stays as it is. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "../../assembly/build/build.mjs";
import { chooseModules, listModules } from "../../assembly/build/modules.mjs";
import { GLOBAL_PREFIX } from "../../src/sandbox/instance.js";
import { models } from "../../src/sandbox/models.js";
import { type Area, type Mutant, plant } from "./mutants.js";
import { crashed, hung, type Outcome, outcomeOf, type Report } from "./outcome.js";

const NOT_COPIED = ["node_modules", ".git"];

export class Copy {
  readonly #root = mkdtempSync(join(tmpdir(), "mutant-"));
  /** Leads a group of its own, in which its workers are. */
  #vitest: ChildProcess | undefined;

  constructor(
    tree: string,
    private readonly area: Area,
  ) {
    // With times: test/foreign/build-fixtures.ts goes by them.
    cpSync(tree, this.#root, {
      ...{ recursive: true, preserveTimestamps: true },
      filter: (path) => !NOT_COPIED.includes(basename(path)),
    });
    symlinkSync(join(tree, "node_modules"), join(this.#root, "node_modules"));
  }

  /** Builds those of the area's modules that are stale. */
  async build(): Promise<void> {
    const modules = chooseModules(listModules(models, GLOBAL_PREFIX), this.area.modules);
    await build(this.#root, modules, () => {});
  }

  /** Plants a mutant, and tests it. A mutant that does not compile is an error. */
  async try(mutant: Mutant, limitMs: number): Promise<Outcome> {
    const path = join(this.#root, mutant.file);
    const source = readFileSync(path, "utf8");
    writeFileSync(path, plant(source, mutant));
    try {
      await this.build();
      return await this.test(limitMs);
    } finally {
      writeFileSync(path, source);
    }
  }

  /** Runs the area's tests up to the first that fails. One file after the other, so that it is always the same. */
  async test(limitMs: number): Promise<Outcome> {
    const { tests, only } = this.area;
    const report = join(this.#root, "report.json");
    rmSync(report, { force: true });
    const how = "--project node --bail 1 --maxWorkers 1 --no-cache --configLoader runner".split(" ");
    const output = ["--reporter", "json", "--outputFile", report];
    const names = only ? ["--testNamePattern", only.source] : [];
    const args = ["node_modules/vitest/vitest.mjs", "run", ...how, ...output, ...names, ...tests];
    this.#vitest = spawn(process.execPath, args, { cwd: this.#root, detached: true, stdio: "ignore" });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#stop();
    }, limitMs);
    await once(this.#vitest, "close");
    clearTimeout(timer);
    this.#vitest = undefined;
    if (isLate) return hung(limitMs);
    return existsSync(report) ? outcomeOf(JSON.parse(readFileSync(report, "utf8")) as Report) : crashed;
  }

  #stop(): void {
    if (this.#vitest?.pid) process.kill(-this.#vitest.pid, "SIGKILL");
  }

  /** Ends what runs in it. */
  remove(): void {
    this.#stop();
    // What was just killed may not be gone yet.
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 5 });
  }
}
