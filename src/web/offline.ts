/** Works without a network after the first visit, by a service worker that keeps the page's files. */

/** A server of this computer needs no network, and another page may be there tomorrow. */
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

let isAsked = false;

/** Lets the browser keep the page's files, once, where it may and the person does not save data. */
export function keepForLater(): void {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  if (isAsked || LOOPBACK.test(location.hostname) || connection?.saveData) return;
  isAsked = true;
  try {
    const script = new URL("./service-worker.js", document.baseURI);
    // Without it, nothing is other than that the page needs a network.
    navigator.serviceWorker?.register(script).catch(() => {});
  } catch {
    // A sandboxed frame may not have any.
  }
}
