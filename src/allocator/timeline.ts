/** Bytes at one moment of a replay. */
export interface TimelinePoint {
  /** Operations done so far. */
  operation: number;
  inUse: number;
  system: number;
  resident: number;
}

/** What a point is made of. */
export type TimelineBytes = Omit<TimelinePoint, "operation">;

/**
 * Samples a run of unknown length at even strides: when there are too many points, every other one
 * goes and the stride doubles. Which operations are sampled depends on their number only.
 */
export class Timeline {
  #points: TimelinePoint[] = [];
  #stride: number;

  /** Keeps at most `limit` points, besides the last; none for 0. At first there is one every `stride` operations. */
  constructor(
    private readonly limit: number,
    stride = 1,
  ) {
    this.#stride = stride;
  }

  /** How many operations to run before the next sample is due. */
  until(operation: number): number {
    return this.limit ? this.#stride - (operation % this.#stride) : Number.POSITIVE_INFINITY;
  }

  /** Takes a sample if one is due. */
  note(operation: number, read: () => TimelineBytes): void {
    if (!this.limit || operation % this.#stride) return;
    this.#points.push(point(operation, read()));
    if (this.#points.length < this.limit) return;
    this.#stride *= 2;
    this.#points = this.#points.filter((sample) => sample.operation % this.#stride === 0);
  }

  /** All points, the last operation's included. */
  finish(operation: number, read: () => TimelineBytes): TimelinePoint[] {
    if (this.limit && this.#points.at(-1)?.operation !== operation)
      this.#points.push(point(operation, read()));
    return this.#points;
  }
}

function point(operation: number, { inUse, system, resident }: TimelineBytes): TimelinePoint {
  return { operation, inUse, system, resident };
}
