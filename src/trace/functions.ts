/** The functions of allocators, and which of their arguments say what. */
import { type CallEncoder, UNSAID } from "./calls.js";

/** The arguments of a call. */
export interface Arguments {
  /** In their order; UNSAID for what is no number. */
  readonly numbers: readonly number[];
  /** Length of the first text in quotes, or UNSAID. */
  readonly text: number;
}

/** A function of an allocator. */
export interface AllocatorFunction {
  /** Whether it has no result that matters. */
  frees: boolean;
  /** Gives a call to the encoder. */
  apply(calls: CallEncoder, args: Arguments, result: number): void;
}

/** Factors of reallocarray, each of at most 2^64, which do not overflow a double. */
function product(count: number, bytes: number): number {
  return count === UNSAID || bytes === UNSAID ? UNSAID : count * bytes;
}

function allocating(
  apply: (calls: CallEncoder, result: number, numbers: readonly number[], text: number) => void,
): AllocatorFunction {
  return { frees: false, apply: (calls, { numbers, text }, result) => apply(calls, result, numbers, text) };
}

const MALLOC = allocating((calls, result, [bytes = UNSAID]) => calls.malloc(result, bytes));
const CALLOC = allocating((calls, result, [count = UNSAID, bytes = UNSAID]) =>
  calls.calloc(result, count, bytes),
);
const REALLOC = allocating((calls, result, [pointer = UNSAID, bytes = UNSAID]) =>
  calls.realloc(pointer, bytes, result),
);
const REALLOCARRAY = allocating((calls, result, [pointer = UNSAID, count = UNSAID, bytes = UNSAID]) =>
  calls.realloc(pointer, product(count, bytes), result),
);
const MEMALIGN = allocating((calls, result, [align = UNSAID, bytes = UNSAID]) =>
  calls.aligned(result, align, bytes),
);
/** Of the C library it returns a status, and puts the address where its first argument points. Some logs have the address. */
const POSIX_MEMALIGN = allocating((calls, result, numbers) => {
  const [align = UNSAID, bytes = UNSAID] = numbers.slice(-2);
  if (numbers.length < 3) calls.aligned(result, align, bytes);
  else calls.aligned(result > 0 ? 0 : UNSAID, align, bytes);
});
const VALLOC = allocating((calls, result, [bytes = UNSAID]) => calls.pageAligned(result, bytes));
const PVALLOC = allocating((calls, result, [bytes = UNSAID]) => calls.pageAligned(result, bytes, true));
const STRDUP = allocating((calls, result, _, text) =>
  calls.malloc(result, text === UNSAID ? UNSAID : text + 1),
);
const STRNDUP = allocating((calls, result, [, most = UNSAID], text) =>
  calls.malloc(result, text === UNSAID || most === UNSAID ? UNSAID : Math.min(text, most) + 1),
);
/** new of C++ takes its alignment last. */
const ALIGNED_NEW = allocating((calls, result, [bytes = UNSAID, align = UNSAID]) =>
  calls.aligned(result, align, bytes),
);
const FREE: AllocatorFunction = {
  frees: true,
  apply(calls, { numbers: [pointer = UNSAID] }) {
    if (pointer === UNSAID) calls.note("unreadable");
    else calls.free(pointer);
  },
};

const FUNCTIONS: Readonly<Record<string, AllocatorFunction>> = {
  malloc: MALLOC,
  calloc: CALLOC,
  realloc: REALLOC,
  reallocarray: REALLOCARRAY,
  free: FREE,
  cfree: FREE,
  free_sized: FREE,
  free_aligned_sized: FREE,
  memalign: MEMALIGN,
  aligned_alloc: MEMALIGN,
  posix_memalign: POSIX_MEMALIGN,
  valloc: VALLOC,
  pvalloc: PVALLOC,
  strdup: STRDUP,
  __strdup: STRDUP,
  strndup: STRNDUP,
  __strndup: STRNDUP,
};

/** Names that functions have besides, and what they stand for. */
const ALIASES: readonly (readonly [name: RegExp, of: AllocatorFunction])[] = [
  [/^_Zn[wa]\w*align_val_t/, ALIGNED_NEW],
  [/^(_Zn[wa]\w*|operator new(\[\])?|__builtin_(vec_)?new)$/, MALLOC],
  [/^(_Zd[la]\w*|operator delete(\[\])?|__builtin_(vec_)?delete)$/, FREE],
];

/** Names that were looked up. A log has few, unless it is made to have many. */
const known = new Map<string, AllocatorFunction | undefined>();
const MOST_KNOWN = 4096;

/** The function of an allocator that has this name; undefined for any other. */
export function allocatorFunction(name: string): AllocatorFunction | undefined {
  if (known.has(name)) return known.get(name);
  const plain = name.replace(/^__(libc|GI___libc|wrap|real)_/, "");
  const found = Object.hasOwn(FUNCTIONS, plain)
    ? FUNCTIONS[plain]
    : ALIASES.find(([pattern]) => pattern.test(plain))?.[1];
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(name, found);
  return found;
}
