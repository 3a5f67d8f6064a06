/** What a record must look like that is read from a file (record.ts says what it means). */
import { TOUCH_POLICIES } from "../allocator/access.js";
import {
  amount,
  count,
  fields,
  finite,
  list,
  mapOf,
  oneOf,
  optional,
  orNull,
  type Shape,
  text,
  truth,
  tuple,
  variant,
} from "../base/shape.js";

const ratio = fields({ value: finite, low: orNull(finite), high: orNull(finite) });

/** `time` is the shape of a time: what is left of one without the driver's may be below 0. */
const timingOf = (time: Shape) =>
  fields({
    ...{ samples: list(time), median: time, low: time, spread: finite },
    ...{ ratio: orNull(ratio), ratioOf: optional(oneOf("median", "low")) },
  });
const timing = timingOf(amount);

const timings = { first: timing, steady: timing, javascript: orNull(timing) };

const calls = fields({
  ...{ calls: count, median: amount, p99: amount, worst: amount },
  histogram: list(tuple(amount, count)),
});
const latency = fields({ clockNs: amount, first: mapOf(calls), steady: mapOf(calls) });

const counts = fields({
  memory: fields({ initial: count, image: optional(count), peak: count, final: count }),
  utilisation: amount,
  utilisations: optional(fields({ growth: orNull(amount), resident: orNull(amount) })),
  metered: orNull(
    fields({
      touched: fields({ read: count, written: count, either: count }),
      zeroed: fields({ bytes: count, needless: count }),
    }),
  ),
  findings: list(text),
});

const outcome = variant("state", {
  done: fields({
    ...{ rounds: count, ...timings, counts },
    ...{ cpu: optional(orNull(fields(timings))), net: optional(orNull(timingOf(finite))) },
    ...{ judged: optional(oneOf("wall", "cpu")), latency: optional(orNull(latency)) },
  }),
  exhausted: fields({ operations: count, failedAllocations: count, trapped: truth, memoryBytes: count }),
  late: fields({ seconds: amount }),
  undecided: fields({ message: text }),
  failed: fields({ error: text, message: text }),
});

/** Fields that came in later versions may be missing. */
export const RECORD: Shape = fields({
  ...{ scenario: oneOf("bench"), version: text, identity: text, complete: truth },
  ...{ schema: optional(count), digest: optional(text), resumed: list(count), baseline: text },
  shard: orNull(fields({ index: count, count })),
  hosts: list(fields({ shard: count, description: text })),
  parameters: fields({
    ...{ rounds: count, passes: count, budgetSeconds: amount, memoryBytes: count, seed: count },
    ...{ touch: oneOf(...TOUCH_POLICIES), latencyRuns: optional(count) },
  }),
  subjects: list(fields({ name: text, options: mapOf(() => undefined), bytes: count, hash: text })),
  traces: list(fields({ name: text, operations: count, peakLiveBytes: count, hash: text })),
  results: list(fields({ subject: text, trace: text, shard: count, finished: truth, outcome })),
  drivers: optional(list(fields({ trace: text, shard: count, ...timings }))),
});
