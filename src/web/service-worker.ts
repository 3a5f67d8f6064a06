/**
 * Keeps the files of the page, so that it works without a network. Its build (vite.config.ts) says which they are, and
 * gives them a name that changes with them:
 *
 *      install: get all of them ─→ activate: forget those of other builds ─→ fetch: the page from the network, or else
 *                                                                            as kept; its files, which do not change, as kept
 */
declare const KEPT: { name: string; files: readonly string[] };

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Event {
  request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Scope extends EventTarget {
  registration: { scope: string };
}
const scope = globalThis as unknown as Scope;

/** All of ours begin so: other pages, and others of this one, may be of the same origin. */
const PREFIX = `zeropage ${scope.registration.scope} `;
const NAME = PREFIX + KEPT.name;
const PAGE = scope.registration.scope;
const FILES: ReadonlySet<string> = new Set(KEPT.files.map((file) => new URL(file, PAGE).href));

async function keep(): Promise<void> {
  const cache = await caches.open(NAME);
  // The page's name stays the same when it changes; those of most files do not.
  await cache.addAll([PAGE, ...FILES].map((url) => new Request(url, { cache: "no-cache" })));
}

async function forget(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
}

const kept = async (url: string): Promise<Response | undefined> => (await caches.open(NAME)).match(url);

const on = <Kind extends Event>(name: string, act: (event: Kind) => void) =>
  scope.addEventListener(name, (event) => act(event as Kind));

on<Lasting>("install", (event) => event.waitUntil(keep()));
on<Lasting>("activate", (event) => event.waitUntil(forget()));
on<Fetching>("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const url = (origin + pathname).replace(/\/index\.html$/, "/");
  if (request.method !== "GET") return;
  if (url === PAGE)
    event.respondWith(fetch(request).catch(async (error) => (await kept(PAGE)) ?? Promise.reject(error)));
  else if (FILES.has(url)) event.respondWith(kept(url).then((response) => response ?? fetch(request)));
});

export {};
