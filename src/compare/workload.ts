/** A generated workload, for want of a trace: mostly small objects, some large ones, of mixed lifetimes. */
import { seeded } from "../base/random.js";

/** Classes of sizes, each with its share of all allocations. Within a class every doubling is equally likely. */
const CLASSES = [
  { share: 0.7, least: 8, doublings: 5 },
  { share: 0.25, least: 256, doublings: 4 },
  { share: 0.045, least: 4096, doublings: 4 },
  { share: 0.005, least: 65_536, doublings: 2 },
] as const;

const MOST_LIVE = 2000;
const CALLOC_SHARE = 0.1;
const REALLOC_SHARE = 0.08;

/** The text of a trace (src/trace/text.ts) of so many operations. The same seed gives the same text. */
export function generateWorkload(seed: number, operations = 100_000): string {
  const random = seeded(seed);
  const live: number[] = [];
  const lines: string[] = [];
  for (let id = 0; lines.length < operations; id++) {
    const full = random() * MOST_LIVE < live.length;
    if (live.length > 0 && random() < REALLOC_SHARE) {
      lines.push(`r ${live[Math.floor(random() * live.length)]} ${size(random)}`);
    } else if (full) {
      lines.push(`f ${takeOne(live, random)}`);
    } else {
      live.push(id);
      lines.push(random() < CALLOC_SHARE ? `c ${id} 1 ${size(random)}` : `a ${id} ${size(random)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function size(random: () => number): number {
  let drawn = random();
  const found = CLASSES.find(({ share }) => {
    drawn -= share;
    return drawn < 0;
  });
  const { least, doublings } = found ?? CLASSES[0];
  const low = least * 2 ** Math.floor(random() * doublings);
  return low + Math.floor(random() * low);
}

/** Takes one object out: half of the time the newest, because most objects die young. */
function takeOne(live: number[], random: () => number): number {
  if (random() < 0.5) return live.pop() as number;
  const at = Math.floor(random() * live.length);
  const taken = live[at] as number;
  live[at] = live.at(-1) as number;
  live.pop();
  return taken;
}
