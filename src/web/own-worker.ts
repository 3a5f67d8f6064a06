/** How the page starts a Worker, in a sandboxed frame, too. */

/**
 * A Worker of a sandboxed frame, which has an origin of its own: it may start only what it made itself, and that may load
 * what its server lets all pages read. Chromium starts no module there, so it is a script that imports one, and passes on
 * what came before that was there. A browser without Workers makes none.
 */
const sandboxedWorker = () =>
  class extends globalThis.Worker {
    constructor(url: URL | string) {
      const code = `
      const place = ${JSON.stringify(String(url))};
      const early = [];
      onmessage = (event) => early.push(event);
      const loading = import(place).then(() => early.forEach((event) => onmessage(event)));
      // Not lost in a promise: whoever started it is told.
      loading.catch((error) => setTimeout(() => { throw error; }));`;
      super(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    }
  };

/** Stands for Worker, under that name: Vite knows a Worker by the line that makes it, whatever `Worker` is there. */
export const ownWorker: typeof globalThis.Worker =
  globalThis.origin === "null" ? sandboxedWorker() : globalThis.Worker;
