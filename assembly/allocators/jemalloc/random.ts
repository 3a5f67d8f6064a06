/**
 * Random numbers: a linear congruential generator of 64 bits, of which the top ones are used. A thread has one, which
 * its state's address seeds. Each decay has another.
 */
const MULTIPLIER: u64 = 6364136223846793005;
const INCREMENT: u64 = 1442695040888963407;

let state: u64 = 0;

export function seed(value: u64): void {
  state = value;
}

/** What follows a state. */
export function next(value: u64): u64 {
  return value * MULTIPLIER + INCREMENT;
}

/** The top bits, 1 to 64 of them, of the thread's next number. */
export function draw(bits: u32): u64 {
  state = next(state);
  return state >> (64 - bits);
}
