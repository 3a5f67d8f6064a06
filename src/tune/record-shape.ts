/** What a record must look like that is read from a file (record.ts says what it means). */
import { TOUCH_POLICIES } from "../allocator/access.js";
import {
  amount,
  count,
  fields,
  list,
  mapOf,
  oneOf,
  optional,
  orNull,
  text,
  truth,
  variant,
} from "../base/shape.js";
import { parseSealed, type RecordKind } from "../compare/sealed.js";
import { TUNE_GOALS } from "../results/tune.js";
import { TUNE_RUN, type TuneRecord } from "./record.js";

const candidate = { allocator: text, options: mapOf(() => undefined) };

const figures = fields({
  ...{ peakResident: count, averageResident: amount, seconds: amount },
  ...{ faults: count, syscalls: count, needless: count },
});
const message = fields({ message: text });
const evaluation = variant("state", {
  done: fields({ figures: list(figures), unsure: list(text), notes: list(text) }),
  ...{ failed: message, refused: message },
});

const KIND: RecordKind = {
  ...{ scenario: "tune-search", command: TUNE_RUN.command, flags: "--output" },
  shape: fields({
    ...{ version: text, identity: text, digest: text, complete: truth, schema: optional(count) },
    shard: orNull(fields({ index: count, count })),
    parameters: fields({ goal: oneOf(...TUNE_GOALS), touch: oneOf(...TOUCH_POLICIES), settings: count }),
    costs: orNull(fields({ name: text, source: text, ns: mapOf(mapOf(amount)) })),
    allocators: list(fields(candidate)),
    traces: list(
      fields({
        name: text,
        operations: count,
        threads: optional(count),
        published: optional(text),
        hash: text,
      }),
    ),
    results: list(fields({ ...candidate, evaluation })),
  }),
};

/** The record in a text. @throws RecordError as `parseSealed` does, and for one that does not tell whether it was changed */
export const parseTuneRecord = (text: string): TuneRecord => parseSealed<TuneRecord>(text, KIND);
