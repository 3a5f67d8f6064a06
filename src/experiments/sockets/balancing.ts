/**
 * How Linux moves pages between sockets. Now and then it makes a page inaccessible; whoever uses it next takes a hinting
 * fault, which tells where it is used:
 *
 *      scan        1   2   3   4   5   6   7   8
 *      used by     A   A   B   B   A   A   B   B       a page of A's
 *      moved               ·   ▲B  ·   ▲A  ·   ▲B      ▲ when it is used there for the second time running
 *
 * The filter alone is modelled: not the statistics on groups of threads, by which Linux may leave a page where it is
 * although the filter lets it go.
 */
import { seeded } from "../../base/random.js";
import type {
  BalancedPage,
  PageMigrations,
  SocketsKernel,
  SocketsMachine,
  SocketsMoves,
} from "../../results/sockets.js";

/** What a scan goes over, and how often there is one: Linux's defaults, while many faults are remote. */
const SCAN_BYTES = 2 ** 28;
const SCAN_SECONDS = 1;
const PAGE = 4096;

/** Whether the kernel looks where a page is used. Since 4.16 it skips what processes share after a fork. */
export const isScanned = (kernel: SocketsKernel, page: BalancedPage): boolean =>
  page !== "forked" || kernel === "before-4.16";

/** A page that was first touched on socket 0, over some scans. */
export interface PageUse extends Pick<PageMigrations, "kernel" | "page" | "burst" | "scans"> {
  sockets: number;
  /** Of the coin. */
  seed: number;
}

/** How often it is moved. */
export function migrationsOf({ kernel, page, burst, scans, sockets, seed }: PageUse): number {
  if (!isScanned(kernel, page)) return 0;
  const random = seeded(seed);
  let [home, last, migrations] = [0, -1, 0];
  for (let scan = 0; scan < scans; scan++) {
    const user = burst === "coin" ? Math.floor(random() * sockets) : Math.floor(scan / burst) % sockets;
    // A page's first hinting fault moves it at once.
    if (user !== home && (last === user || last < 0)) {
      home = user;
      migrations++;
    }
    last = user;
  }
  return migrations;
}

/**
 * Moves per scan of a page that every socket uses by chance, in the long run: 1/6 of two sockets. The chain has two
 * states, last used at home or not; it leaves home with 1 - p, comes back with p and moves with p, where p = 1/sockets.
 */
export function movesPerScan(sockets: number): number {
  const p = 1 / sockets;
  return (p * (1 - p)) / (1 + p);
}

/** What becomes of one copy that all sockets read after a fork. */
export function movesOf(machine: SocketsMachine, data: number, kernel: SocketsKernel): SocketsMoves {
  const { sockets, workers, migration } = machine;
  const scanned = Math.min(Math.ceil(data / PAGE), SCAN_BYTES / PAGE) / SCAN_SECONDS;
  const pagesPerSecond = isScanned(kernel, "forked") ? scanned * movesPerScan(sockets) : 0;
  return { kernel, pagesPerSecond, share: (pagesPerSecond * migration) / 1e9 / (sockets * workers) };
}

/** Accesses from the new socket after which a move has paid. None ever do where no memory is remote. */
export const accessesThatPay = ({ migration, remote, local }: SocketsMachine): number =>
  migration / (remote - local);
