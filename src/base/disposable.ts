/** What `using` ends, where there is that. */
declare global {
  // As TypeScript's library has it from 5.2 on, for those who compile without that part of it.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
}

/** Symbol.dispose; in older runtimes what esbuild and Babel look for in its place. */
export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
