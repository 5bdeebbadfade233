// Ids for the orders of this page: 64 bits, unique among an account's resting orders. Milliseconds tell loads of the page
// apart, chance two that are loaded in the same one, and a count the orders of one.

/** Room below the milliseconds (41 bits): 22 bits for a start by chance and the count. */
const COUNTS = 2 ** 22;

const loaded = BigInt(Date.now()) * BigInt(COUNTS);
let count = Math.floor((Math.random() * COUNTS) / 2);

export function newOrderId(): string {
  count++;
  return String(loaded + BigInt(count % COUNTS));
}
