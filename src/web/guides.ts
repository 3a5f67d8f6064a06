/**
 * Guided stories: steps that are each a state of the page, with what it shows, a question, and its answer. The figures
 * in them are those of the runs that are shown.
 */
import { faultCount } from "../experiments/runs/verdict.js";
import { formatBytes, formatCount } from "../index.js";
import { AT, FORKS, THREADS } from "./guide-programs.js";
import { type Counted, NEEDLESS, RESIDENT, TIME } from "./measure.js";

/** Figures of one run at its end, as text. */
export interface Figures {
  time: string;
  needless: string;
  /** Bytes that the allocator and the program's library cleared. */
  cleared: string;
  faults: string;
  /** Bytes resident in the end, of all processes. */
  resident: string;
  /** Bytes mapped in the end. */
  mapped: string;
  /** Bytes that the program holds in the end. */
  held: string;
}

export type Told = (left: Figures, right: Figures) => string;

export interface Step {
  /** The state, as links have it. */
  link: string;
  /** What is to be seen. */
  says: string;
  asks: string;
  answers: Told;
  /** The id of the part of the page that the answer is about. */
  points: "headline" | "program-panel" | "sides" | "figures-panel" | "sparkline";
}

export interface Guide {
  name: string;
  steps: readonly Step[];
}

const LOOP = "size=100MiB&count=10000";
const CINNABAR = "trace=cinnabar&touch=pages&a=pymalloc/glibc";
/** Operations of it done at the end of each phase but the last. */
const [PHASE_1, PHASE_2] = [120_003, 316_090];
const ARENAS = "touch=object&a=glibc&b=glibc:arenaMax=1";

export const GUIDES: Readonly<Record<string, Guide>> = {
  benfield: {
    name: "A bug, from the report to its cause",
    steps: [
      {
        link: "chunk=100MiB&way=calloc&body=10MiB&a=libmalloc&b=glibc",
        says: "The report, 2016: a download in Python is slow on macOS, and slower the larger the chunks it is asked for.",
        asks: "Both sides read the same 10 MiB. What takes so long on the left?",
        answers: (left, right) =>
          `Not the network. Each read gets a buffer of a whole chunk by calloc, of which at most 16 KiB are filled. libmalloc cleared ${left.cleared} for that, glibc ${right.cleared}: ${left.time} against ${right.time}.`,
        points: "program-panel",
      },
      {
        link: `${LOOP}&a=libmalloc&b=glibc`,
        says: "Cory Benfield leaves away all but the allocation: calloc and free, ten thousand times. Nobody writes a byte.",
        asks: "So nothing is used. What is there to do?",
        answers: (left, right) =>
          `Nothing, and libmalloc does it for ${left.time}: it cleared ${left.needless} that already read as zero. glibc takes ${right.time}.`,
        points: "headline",
      },
      {
        link: `${LOOP}&a=libmalloc&b=glibc&at=1`,
        says: "Back to the first calloc. Both sides have got 100 MiB, and both maps are grey: reserved, and never touched.",
        asks: "Has anybody cleared these blocks?",
        answers: () =>
          "No, and nobody has to. They are fresh from the kernel, whose pages read as zero until they are written.",
        points: "sides",
      },
      {
        link: `${LOOP}&a=libmalloc&b=glibc&at=3`,
        says: "One free later, the second calloc. On the left all of the block is resident now, and orange: needlessly zeroed.",
        asks: "What is different from the first one?",
        answers: (left, right) =>
          `libmalloc kept the block when it was freed, and clears what it kept, whole, without knowing whether anybody wrote to it. That is how its ${left.faults} faults arise. glibc gave the block back to the kernel, and got a fresh one: ${right.faults} faults in all ten thousand rounds.`,
        points: "sides",
      },
      {
        link: "size=1000MiB&count=10000&a=libmalloc&b=glibc",
        says: "Benfield tries ten times the size.",
        asks: "Does it take ten times as long?",
        answers: (left, right) =>
          `It takes ${left.time} on the left, and ${right.time} on the right. So large a block is not kept, and what is fresh is not cleared.`,
        points: "headline",
      },
      {
        link: `${LOOP}&a=libmalloc&b=libmalloc:zeroing=dirty`,
        says: "A cure: of what it kept, let the allocator clear only the pages that were written.",
        asks: "What is left to clear if nobody writes?",
        answers: (left, right) =>
          `What is cleared needlessly goes from ${left.needless} to ${right.needless}, and ${left.time} become ${right.time}.`,
        points: "headline",
      },
      {
        link: `${LOOP}&written=100%25&a=libmalloc&b=glibc`,
        says: "And if the program writes all of each block?",
        asks: "Which of them is right now?",
        answers: (left, right) =>
          `Apple’s choice: ${left.time} against ${right.time}. To clear what one has is cheaper than ${right.faults} page faults, in which the kernel clears as much.`,
        points: "figures-panel",
      },
    ],
  },
  cliff: {
    name: "glibc’s cliff, at 32 MiB",
    steps: [
      {
        link: "size=33MiB&count=10000&a=glibc&b=naive",
        says: "The same loop on Linux, with blocks of 33 MiB. naive clears whatever it gets.",
        asks: "Does glibc clear them?",
        answers: (left, right) =>
          `No: it maps each block anew and cleared ${left.cleared} in all, where naive cleared ${right.cleared}.`,
        points: "figures-panel",
      },
      {
        link: "size=30MiB&count=10000&a=glibc&b=naive",
        says: "Blocks of 30 MiB: a little smaller.",
        asks: "So it should take a little less, or the same?",
        answers: (left) =>
          `It takes ${left.time}: glibc cleared ${left.cleared}. Below 32 MiB, cost grows with the size.`,
        points: "headline",
      },
      {
        link: "size=30MiB&count=10000&a=glibc&b=naive&at=1",
        says: "The first calloc of 30 MiB, on the left: a mapping of its own, grey, never touched.",
        asks: "Where will the second one be?",
        answers: () =>
          "On the heap. When a mapped block is freed that is larger than the threshold for mapping, 128 KiB at first, and at most 32 MiB, its size becomes the threshold. 30 MiB do not reach it any more.",
        points: "sides",
      },
      {
        link: "size=30MiB&count=10000&a=glibc&b=naive&at=5",
        says: "The third calloc: it is on the heap, and resident.",
        asks: "Why is it orange?",
        answers: (left) =>
          `The heap is not given back between free and calloc, and what comes from it again may hold data. calloc clears it, every round: ${left.needless} that read as zero, for nobody wrote.`,
        points: "sides",
      },
      {
        link: "size=30MiB&count=10000&a=glibc&b=glibc:mmapThreshold=128KiB",
        says: "On the right the threshold is set, and so does not adapt.",
        asks: "What does that save?",
        answers: (left, right) =>
          `${left.time} become ${right.time}: every block is mapped, and none is cleared.`,
        points: "headline",
      },
    ],
  },
  choices: {
    name: "What calloc could do",
    steps: [
      {
        link: `${LOOP}&a=naive&b=lazy`,
        says: "The two ends. naive is malloc and memset. lazy gets large blocks from the kernel, and never clears them.",
        asks: "How far apart can two right answers be?",
        answers: (left, right) => `${left.time} and ${right.time}. Both give memory that reads as zero.`,
        points: "headline",
      },
      {
        link: `${LOOP}&a=glibc&b=mimalloc`,
        says: "Remember that a block is fresh. glibc knows it of mappings. mimalloc maps as often, and clears anyway.",
        asks: "What does forgetting cost?",
        answers: (left, right) =>
          `${right.faults} page faults instead of ${left.faults}: writing zeroes is writing. ${right.time} against ${left.time}.`,
        points: "figures-panel",
      },
      {
        link: `${LOOP}&a=libmalloc&b=tcmalloc`,
        says: "Keep the block, and clear it. Both do, on machines of their own.",
        asks: "Is it cheaper than to map it anew?",
        answers: (left, right) =>
          `If the program writes it all. If it does not, each clears what nobody saw: ${left.needless} and ${right.needless}.`,
        points: "sides",
      },
      {
        link: `${LOOP}&a=libmalloc&b=jemalloc`,
        says: "Keep the address, and let the kernel have the pages: jemalloc asks it by madvise.",
        asks: "How many bytes does jemalloc clear?",
        answers: (_, right) =>
          `${right.cleared}, in ${right.time}. The next touch of a page gets a fresh one.`,
        points: "figures-panel",
      },
      {
        link: `${LOOP}&written=10%25&a=libmalloc&b=libmalloc:zeroing=dirty`,
        says: "Clear what was written, and no more. Here the program writes a tenth.",
        asks: "How much is then cleared for nothing?",
        answers: (left, right) =>
          `${right.needless} instead of ${left.needless}: ${right.time} instead of ${left.time}.`,
        points: "figures-panel",
      },
    ],
  },
  cinnabar: {
    name: "Python holds on, with ever less to hold",
    steps: [
      {
        link: `${CINNABAR}&b=pymalloc/glibc:trimThreshold=128KiB`,
        says: "git-cinnabar, written in Python, was seen to need more and more memory while it held less and less. Its calls, made anew, on Python’s own allocator over glibc.",
        asks: "Below is what is resident. What is left in the end?",
        answers: (left, right) =>
          `${left.resident} on the left, and ${right.resident} on the right, where one threshold of glibc is set. The program holds ${left.held}.`,
        points: "sparkline",
      },
      {
        link: `${CINNABAR}&b=pymalloc/glibc:trimThreshold=128KiB&at=${PHASE_1}`,
        says: "The end of the first phase: 120,000 objects are there, most of them small.",
        asks: "Which part of the memory is Python’s, and which glibc’s?",
        answers: () =>
          "Objects of up to 512 bytes are in Python’s arenas, of 256 KiB each, which it maps itself. What is larger it asks of glibc, which has it on the heap, or, from 128 KiB on, in a mapping of its own.",
        points: "sides",
      },
      {
        link: `${CINNABAR}&b=pymalloc/glibc:trimThreshold=128KiB&at=${PHASE_2}`,
        says: "The end of the second phase, in which buffers grew and went. A third of what was live is freed by now.",
        asks: "And more is resident than before, on the left above all. Why there?",
        answers: () =>
          "A buffer that was mapped is freed. From then on glibc has blocks of its size on the heap, and gives the heap’s end back only beyond twice that size. On the right both thresholds stay as they were set.",
        points: "sides",
      },
      {
        link: `${CINNABAR}&b=pymalloc/jemalloc`,
        says: "On the right now jemalloc, below the same Python.",
        asks: "Does another allocator help?",
        answers: (left, right) =>
          `Not as such: ${right.resident} instead of ${left.resident}. jemalloc gives pages back as time passes, and here no time passes.`,
        points: "headline",
      },
      {
        link: `${CINNABAR}&b=pymalloc/jemalloc:dirty_decay_ms=0`,
        says: "So let jemalloc give back at once what is free.",
        asks: "Is it now as little as the program holds?",
        answers: (_, right) =>
          `${right.resident}, where the program holds ${right.held}. What is left lies in Python’s arenas: one live object keeps an arena, and each of them has one.`,
        points: "figures-panel",
      },
    ],
  },
  arenas: {
    name: "A thread’s arena",
    steps: [
      {
        link: `${THREADS.two.at(AT.firstBlock)}&${ARENAS}`,
        says: "Thread 2 gets its first block: on the left of glibc as it comes, on the right of one that may have a single arena.",
        asks: "What is the long grey stretch on the left?",
        answers: () =>
          "An arena for this thread, so that it need not wait for others. Its heap takes 64 MiB of the address space. That costs nothing: all but its first pages is reserved, and never touched.",
        points: "sides",
      },
      {
        link: `${THREADS.two.at(AT.freed)}&${ARENAS}`,
        says: "Thread 2 has got 24 blocks, written them, and freed all but the last.",
        asks: "Why is nearly all of it still resident?",
        answers: () =>
          "A heap is given back from its end, and there the last block lies. What is free below it waits for the next request: yellow, kept by the allocator. That is so on both sides.",
        points: "sides",
      },
      {
        link: `${THREADS.two.end}&${ARENAS}`,
        says: "Now the main thread gets 24 blocks of the same size.",
        asks: "Is there not enough free memory?",
        answers: (left, right) =>
          `On the right there is, and it is used: ${right.resident} are resident. On the left it is in an arena of thread 2, and the main thread does not look there: ${left.resident}.`,
        points: "sparkline",
      },
      {
        link: `${THREADS.trimmed.end}&${ARENAS}`,
        says: "The same, and in the end the program calls malloc_trim.",
        asks: "Does that reach the other arena?",
        answers: (left, right) =>
          `It does, and pages amid a heap, too: ${left.resident} are left, and ${right.resident} on the right. The program holds ${left.held}.`,
        points: "sparkline",
      },
      {
        link: `${THREADS.eight.end}&${ARENAS}`,
        says: "Eight threads, of which each gets two blocks and frees one.",
        asks: "How much address space do eight arenas take?",
        answers: (left, right) =>
          `${left.mapped}, against ${right.mapped} of one arena. Who watches virtual memory is alarmed. Resident are ${left.resident}, and ${right.resident}.`,
        points: "sides",
      },
    ],
  },
  fork: {
    name: "fork, and what free can cost",
    steps: [
      {
        link: `${FORKS.idle.end}&a=mimalloc&b=jemalloc`,
        says: "A program gets a hundred blocks, writes them, and forks. The maps are of the child: it has all that its parent has.",
        asks: "Two processes have these pages. How often are they in memory?",
        answers: (left, right) =>
          `Once: ${left.resident} on the left and ${right.resident} on the right, for both processes together. They share each page until one of them writes to it.`,
        points: "sides",
      },
      {
        link: `${FORKS.freeing.end}&a=mimalloc&b=jemalloc`,
        says: "The child frees all blocks. It writes nothing.",
        asks: "free gives memory back. Can it take some?",
        answers: (left, right) =>
          `mimalloc notes in a block that it is free. That is a write, and the kernel copies the page: ${left.resident} now, by ${left.faults} faults in all. jemalloc keeps its notes elsewhere: ${right.resident}, by ${right.faults}.`,
        points: "figures-panel",
      },
      {
        link: `${FORKS.freeing.end}&a=tcmalloc&b=glibc`,
        says: "The same on tcmalloc and glibc.",
        asks: "Where do they keep their notes?",
        answers: (left, right) =>
          `In the blocks, both. tcmalloc took ${left.faults} faults, and glibc ${right.faults}. But glibc found all of the child’s heap free, and gave its end back: the copies went with it.`,
        points: "figures-panel",
      },
      {
        link: `${FORKS.writing.end}&a=mimalloc&b=jemalloc`,
        says: "Instead of freeing, the child writes one byte to each block.",
        asks: "A hundred bytes. How much memory do they take?",
        answers: (left, right) =>
          `A page each: ${left.resident} and ${right.resident} are resident now. The kernel copies pages, and no less.`,
        points: "sparkline",
      },
      {
        link: `${FORKS.left.end}&a=mimalloc&b=jemalloc`,
        says: "Then the child ends, and the parent writes a byte to each block, too.",
        asks: "Is every page copied once more?",
        answers: (left, right) =>
          `No. Each write is a fault again, but nobody else has the page any more, and the parent may keep it: ${left.resident} and ${right.resident}, as before the fork.`,
        points: "sparkline",
      },
    ],
  },
  heap: {
    name: "An allocator that remembers",
    steps: [
      {
        link: "size=1MiB&count=1000&a=as-tlsf&b=heap",
        says: "Two real allocators of WebAssembly, run and metered: AssemblyScript’s own, and the heap of this project.",
        asks: "In linear memory, fresh pages are zero too. Who makes use of it?",
        answers: (left, right) =>
          `The heap: it cleared ${right.cleared}, of its own and only once, and no block. as-tlsf cleared ${left.cleared}: every block in every round.`,
        points: "headline",
      },
      {
        link: "size=1MiB&count=1000&a=as-tlsf&b=heap&at=3",
        says: "The second calloc.",
        asks: "Nobody told the heap that nothing was written. How does it know?",
        answers: () =>
          "It looks: it reads all of the block, and leaves each page alone that is all zero. To read is work too, but a page that is only read needs no memory of its own.",
        points: "sides",
      },
      {
        link: "trace=git-log&touch=object&a=as-tlsf&b=heap",
        says: "A real program, git log, on both.",
        asks: "How often does it matter there?",
        answers: (left, right) =>
          `Of ${left.cleared} that as-tlsf cleared, ${left.needless} already read as zero; of ${right.cleared} of the heap, ${right.needless}.`,
        points: "figures-panel",
      },
      {
        link: "trace=cc1&touch=object&a=as-tlsf&b=heap",
        says: "Another one, a C compiler, which asks for much cleared memory.",
        asks: "Is it the same there?",
        answers: (left, right) =>
          `as-tlsf cleared ${left.cleared}, ${left.needless} of it needlessly; the heap ${right.cleared}, ${right.needless} of it needlessly.`,
        points: "figures-panel",
      },
      {
        link: "trace=git-log&touch=object&a=glibc&b=heap",
        says: "The same program on the model of glibc, and on the heap.",
        asks: "What does it need in the end?",
        answers: (left, right) => `glibc keeps ${left.resident} resident, and the heap ${right.resident}.`,
        points: "sparkline",
      },
    ],
  },
};

export function figuresOf(run: Counted): Figures {
  const { counters, library } = run;
  return {
    time: TIME.text(TIME.of(run)),
    needless: NEEDLESS.text(NEEDLESS.of(run)),
    cleared: formatBytes(counters.zeroed.allocator + library.cleared),
    faults: formatCount(faultCount(counters)),
    resident: RESIDENT.text(RESIDENT.of(run)),
    mapped: formatBytes(counters.bytes.virtual),
    held: formatBytes(counters.bytes.inUse),
  };
}
