/** The stories that the page offers: guided ones, step by step, and views. */
import { make } from "./dom.js";
import { GUIDES } from "./guides.js";
import { formatState, type Place, parseState, type ViewState } from "./state.js";

export interface Story {
  name: string;
  /** What is to be seen in it. */
  about: string;
  link: string;
}

const STORIES: readonly Story[] = [
  {
    name: "The slow calloc of macOS",
    about: "Ten thousand times 100 MiB, never used",
    link: "size=100MiB&count=10000&a=libmalloc&b=glibc",
  },
  {
    name: "Its cure",
    about: "One option of the same allocator",
    link: "size=100MiB&count=10000&a=libmalloc&b=libmalloc:zeroing=dirty",
  },
  {
    name: "Ten times the size, no cost",
    about: "Larger blocks are not kept, and so not cleared",
    link: "size=1000MiB&count=10000&a=libmalloc&b=naive",
  },
  {
    name: "The same on Linux, below 32 MiB",
    about: "glibc’s cliff: what is freed raises the threshold",
    link: "size=30MiB&count=10000&a=glibc&b=glibc:mmapThreshold=128KiB",
  },
  {
    name: "Where Apple’s choice is right",
    about: "All of each block is written",
    link: "size=100MiB&count=10000&written=100%25&a=libmalloc&b=glibc",
  },
  {
    name: "The bug report",
    about: "A slow download, read into large buffers",
    link: "chunk=100MiB&way=calloc&body=10MiB&a=libmalloc&b=glibc",
  },
  {
    name: "A library that clears by itself",
    about: "The allocator is not to blame",
    link: "chunk=100MiB&way=malloc%2Bmemset&body=10MiB&a=libmalloc&b=glibc",
  },
  {
    name: "git log at work",
    about: "A recorded program",
    link: "trace=git-log&touch=object&a=glibc&b=libmalloc",
  },
  {
    name: "A C compiler at work",
    about: "A recorded program",
    link: "trace=cc1&touch=object&a=glibc&b=libmalloc",
  },
];

/** The view of a step. */
export function guided(place: Place): ViewState {
  const step = GUIDES[place.story]?.steps[place.step - 1];
  return { ...parseState(step?.link ?? ""), guide: place };
}

/** The guided stories, each by its first step. */
const GUIDED: readonly Story[] = Object.entries(GUIDES).map(([story, { name, steps }]) => ({
  name,
  about: `A story in ${steps.length} steps`,
  link: formatState(guided({ story, step: 1 })),
}));

export const ALL_STORIES: readonly Story[] = [...GUIDED, ...STORIES];

const linkTo = ({ name, about, link }: Story): HTMLElement =>
  make(
    "a",
    { href: `#${link}` },
    make("strong", { textContent: name }),
    make("span", { textContent: about }),
  );

/** Links to all stories. */
export function storyLinks(): HTMLElement[] {
  return [...GUIDED.map(linkTo), make("hr"), ...STORIES.map(linkTo)];
}
