import { openSandbox, readTrace } from "../src/index.js";

const OPERATIONS = 100_000_000;
/** One piece of the stream: 1,000 objects are allocated, then freed, under names never used before. */
const OBJECTS = 1000;

async function* generated(): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let piece = 0; piece < OPERATIONS / (2 * OBJECTS); piece++) {
    const ids = Array.from({ length: OBJECTS }, (_, i) => piece * OBJECTS + i);
    const text = `${ids.map((id) => `a ${id} ${16 + (id % 4000)}`).join("\n")}\n${ids.map((id) => `f ${id}`).join("\n")}\n`;
    yield encoder.encode(text);
  }
}

/** 100 million operations from a stream of text: speed, and host memory at its start and end. */
export async function benchStream(): Promise<void> {
  const sandbox = await openSandbox("libmalloc");
  const used = () => process.memoryUsage().rss / 2 ** 20;
  const start = performance.now();
  let early = 0;
  const { operations } = await sandbox.replay(await readTrace(generated()), {
    onProgress: (done) => {
      if (!early && done > OPERATIONS / 20) early = used();
    },
  });
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${operations} operations streamed as text: ${(operations / seconds / 1e6).toFixed(1)} million a second`,
  );
  console.log(`host memory: ${early.toFixed(0)} MiB after 5 %, ${used().toFixed(0)} MiB at the end`);
  console.log(`the sandbox's own: ${(sandbox.hostBytes / 2 ** 20).toFixed(1)} MiB`);
}
