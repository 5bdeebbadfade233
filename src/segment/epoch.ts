// Epochs of a log. Below OWN_EPOCH_MIN they count tenures (a journal's) or takes (a recording's). From there on an epoch is the log's
// own for good: a random number that those who fill its payloads don't know. A log that strangers write to has one, so
// that bytes of a torn frame which look like a frame or a closing mark are never taken for the log's.

/** Of a log that begins: every tenure after it has a higher one. */
export const FIRST_EPOCH = 1;
export const OWN_EPOCH_MIN = 2 ** 32;

export function isOwnEpoch(epoch: number): boolean {
  return epoch >= OWN_EPOCH_MIN;
}
