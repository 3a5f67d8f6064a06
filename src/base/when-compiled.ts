/** Compiling wasm, which may be all that a program waits for. */

/** Longest time of a timer, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/**
 * Waits for what is compiled, with a timer beside it. Where nothing else keeps Node's loop going, Node 20 waits for V8's threads
 * (NodePlatform::DrainTasks). If one of those needs memory collected, it waits for this thread, and both wait for ever.
 */
export async function whenCompiled<T>(module: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, LONGEST);
  try {
    return await module;
  } finally {
    clearInterval(timer);
  }
}
