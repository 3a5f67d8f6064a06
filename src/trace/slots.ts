const FIRST_CAPACITY = 1024;
const ABSENT = -1;

/**
 * The map from a source's keys (ids or addresses, whole numbers of 0 to 2^53 - 1) to dense slots.
 *
 * Open addressing with linear probing. Removing a key closes the gap and leaves no mark, so the table grows only with
 * the keys that are there at once, however many come and go. (A `Map` takes two to three times as long
 * for the same, measured with 5,000 and 200,000 live ids and addresses.)
 *
 *      hash(key) ──► │ key  │ key  │ empty │ key  │ …     #keys
 *                    │ slot │ slot │   0   │ slot │ …     #entries: slot + 1, or 0 for empty
 *
 *      // live + free == made;  2 * live <= capacity
 */
export class SlotTable {
  #capacity = FIRST_CAPACITY;
  #keys = new Float64Array(FIRST_CAPACITY);
  #entries = new Int32Array(FIRST_CAPACITY);
  #live = 0;
  /** Slots given back, the last one on top. */
  #free = new Int32Array(FIRST_CAPACITY);
  #freeCount = 0;
  #made = 0;

  /** Another table, of the same keys and slots. */
  copy(): SlotTable {
    const copied = new SlotTable();
    copied.#capacity = this.#capacity;
    copied.#keys = this.#keys.slice();
    copied.#entries = this.#entries.slice();
    copied.#live = this.#live;
    copied.#free = this.#free.slice();
    copied.#freeCount = this.#freeCount;
    copied.#made = this.#made;
    return copied;
  }

  /** Slots handed out so far: the most keys that were there at once. */
  get made(): number {
    return this.#made;
  }

  /** Keys that are there now. */
  get live(): number {
    return this.#live;
  }

  /** Returns a key's slot, or -1. */
  find(key: number): number {
    return (this.#entries[this.#locate(key)] as number) - 1;
  }

  /** Gives a key the slot that was given back last, or a new one. Returns -1 if the key has one already. */
  add(key: number): number {
    let index = this.#locate(key);
    if (this.#entries[index] !== 0) return ABSENT;
    if ((this.#live + 1) * 2 > this.#capacity) {
      this.#grow();
      index = this.#locate(key);
    }
    const slot = this.#freeCount > 0 ? (this.#free[--this.#freeCount] as number) : this.#made++;
    this.#put(index, key, slot);
    return slot;
  }

  /** Takes a key out. Returns its slot, now free for others, or -1 if it had none. */
  remove(key: number): number {
    const slot = this.#take(key);
    if (slot !== ABSENT) this.#free[this.#freeCount++] = slot;
    return slot;
  }

  /** Gives the slot of one key to another. Returns it, or -1 if the one has no slot or the other has. */
  rename(from: number, to: number): number {
    if (from === to) return this.find(from);
    if (this.find(to) !== ABSENT) return ABSENT;
    const slot = this.#take(from);
    if (slot !== ABSENT) this.#put(this.#locate(to), to, slot);
    return slot;
  }

  #put(index: number, key: number, slot: number): void {
    this.#keys[index] = key;
    this.#entries[index] = slot + 1;
    this.#live++;
  }

  #take(key: number): number {
    const index = this.#locate(key);
    const slot = (this.#entries[index] as number) - 1;
    if (slot !== ABSENT) {
      this.#live--;
      this.#close(index);
    }
    return slot;
  }

  /** Where a key is, or the empty place where it would go. */
  #locate(key: number): number {
    const keys = this.#keys;
    const entries = this.#entries;
    const mask = this.#capacity - 1;
    let index = hash(key) & mask;
    while (entries[index] !== 0 && keys[index] !== key) index = (index + 1) & mask;
    return index;
  }

  /** Empties a place, and moves forward what could not be found behind the gap. */
  #close(gap: number): void {
    const mask = this.#capacity - 1;
    let hole = gap;
    for (let index = (gap + 1) & mask; this.#entries[index] !== 0; index = (index + 1) & mask) {
      const key = this.#keys[index] as number;
      const home = hash(key) & mask;
      if (((index - home) & mask) < ((index - hole) & mask)) continue;
      this.#keys[hole] = key;
      this.#entries[hole] = this.#entries[index] as number;
      hole = index;
    }
    this.#entries[hole] = 0;
  }

  #grow(): void {
    const keys = this.#keys;
    const entries = this.#entries;
    const free = this.#free;
    this.#capacity *= 2;
    this.#keys = new Float64Array(this.#capacity);
    this.#entries = new Int32Array(this.#capacity);
    this.#free = new Int32Array(this.#capacity);
    this.#free.set(free.subarray(0, this.#freeCount));
    for (let old = 0; old < keys.length; old++) {
      if (entries[old] === 0) continue;
      const index = this.#locate(keys[old] as number);
      this.#keys[index] = keys[old] as number;
      this.#entries[index] = entries[old] as number;
    }
  }
}

/**
 * Other in each process, so that nobody can write a trace whose keys collide. Slots do not depend on it: they follow from the
 * order of the keys alone.
 */
const [SALT_LOW = 0, SALT_HIGH = 0] = crypto.getRandomValues(new Uint32Array(2));

/** Mixes both halves of a key, for the low bits of an address hardly differ. */
function hash(key: number): number {
  let mixed = Math.imul((key | 0) ^ SALT_LOW, 0x9e3779b1); // 2^32 / golden ratio: Knuth, TAOCP 6.4
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed ^ ((key / 0x1_0000_0000) | 0) ^ SALT_HIGH, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
