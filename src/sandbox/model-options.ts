/** The models by name, and the options of each, for editors and compilers. The registry (models.ts) says the same to programs. */
import type * as glibc from "#shared/glibc";
import type * as jemalloc from "#shared/jemalloc";
import type { HugePages, Image, Kernel, Layout, MapAlignment, Overcommit, ZeroPage } from "#shared/kernel";
import type * as libmalloc from "#shared/libmalloc";
import type * as mimalloc from "#shared/mimalloc";
import type * as pymalloc from "#shared/pymalloc";
import type * as tcmalloc from "#shared/tcmalloc";
import type { OomKind } from "../allocator/machine.js";
import type { NameOf } from "../base/enums.js";

/** A word, also as the number that it may be written as: "0" or 0. */
type Word<Text extends string> = Text | (Text extends `${infer Value extends number}` ? Value : never);

/** "2.36" of v236. */
type Release<Name extends string> = Name extends `v${infer Major}${infer Minor}`
  ? `${Major}.${Minor}`
  : never;

/** "116" of v116. */
type Version<Name extends string> = Name extends `v${infer Digits}` ? Digits : never;

/** Options that are numbers, but for those that are one of some words. */
type Settings<Option, Words extends Partial<Record<NameOf<Option>, string>> = Record<never, string>> = {
  [Name in Exclude<NameOf<Option>, keyof Words>]?: number;
} & { [Name in keyof Words]?: Word<Words[Name] & string> };

type Bool = "true" | "false";
type Switch = "0" | "1";

/** The options of the machine, which every model takes. `machineOptions` tells what each does. */
export interface MachineOptions {
  kernel?: NameOf<typeof Kernel>;
  pageSize?: 4096 | 16384 | 65536;
  memory?: number | undefined;
  addressSpace?: number | undefined;
  maxMaps?: number;
  mapAlignment?: NameOf<typeof MapAlignment>;
  zeroPage?: NameOf<typeof ZeroPage>;
  clock?: number;
}

/** Options of the machine of models that have `hasPlacement`. */
export interface PlacementOptions {
  image?: NameOf<typeof Image>;
  layout?: NameOf<typeof Layout>;
  aslrSeed?: number;
  dataLimit?: number | undefined;
  overcommit?: NameOf<typeof Overcommit>;
  overcommitRatio?: number;
  oom?: OomKind;
}

/** Options of the machine of models that have `hasHugePages`. */
export interface HugePagesOptions {
  hugePages?: NameOf<typeof HugePages>;
}

/** Options by the names that the real allocators have for them, as parameters, in the environment and as tunables. */
type RealNames<Start extends string> = { [Name in `${Start}${string}`]: number | string };

/** The options of each model that is no composition, by its name. */
interface BaseOptions {
  naive: unknown;
  lazy: unknown;
  glibc: Settings<typeof glibc.Option, { version: Release<NameOf<typeof glibc.Version>> }> &
    RealNames<"M_" | "MALLOC_" | "glibc.malloc.">;
  libmalloc: Settings<
    typeof libmalloc.Option,
    {
      zeroing: NameOf<typeof libmalloc.Zeroing>;
      version: Version<NameOf<typeof libmalloc.Version>>;
      cache: NameOf<typeof libmalloc.Cache>;
      tinyZeroing: NameOf<typeof libmalloc.TinyZeroing>;
      nano: NameOf<typeof libmalloc.Nano>;
    }
  >;
  jemalloc: Settings<
    typeof jemalloc.Option,
    { tcache: Bool; thp: NameOf<typeof jemalloc.Thp>; retain: Bool }
  >;
  mimalloc: Settings<
    typeof mimalloc.Option,
    { allow_decommit: Switch; eager_commit: Switch; page_reset: Switch }
  > &
    RealNames<"MIMALLOC_">;
  tcmalloc: Settings<
    typeof tcmalloc.Option,
    { aggressiveDecommit: Switch; skipSbrk: Switch; skipMmap: Switch; disableMemoryRelease: Switch }
  > &
    RealNames<"TCMALLOC_">;
}

/** The options of pymalloc, whatever it is over. */
type PymallocOptions = Settings<
  typeof pymalloc.Option,
  {
    python: Release<NameOf<typeof pymalloc.Version>>;
    arenas: NameOf<typeof pymalloc.Arenas>;
    domain: NameOf<typeof pymalloc.Domain>;
  }
>;

/** What pymalloc is over. */
type PymallocBase = "glibc" | "jemalloc" | "naive" | "tcmalloc";

/** The options of each model, by its name. `models` tells what each does. */
export type ModelOptions = BaseOptions &
  Record<"naive" | "glibc" | "tcmalloc", PlacementOptions> &
  Record<"naive" | "glibc", HugePagesOptions> & {
    [Base in PymallocBase as `pymalloc/${Base}`]: PymallocOptions & BaseOptions[Base];
  };

/** The name of a model. */
export type ModelName = keyof ModelOptions;
