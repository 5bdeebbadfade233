import { expect, test } from "vitest";
import { CloseCause, type Transport } from "../../../src/base/index.ts";
import { FeedClose, type FeedDesk, type FeedSession, type Seat } from "../../../src/feed/index.ts";
import { FeedService } from "../../../src/feed-runtime/serving/feed-service.ts";

/** A service whose desk seats everybody; what the transport and the desk are told. */
function service() {
  const told: string[] = [];
  const note = (what: string) => (connection: number) => void told.push(`${what} ${connection}`);
  const transport = {
    close: note("close"),
    destroy: note("destroy"),
    send: () => true,
  } as unknown as Transport;
  let carrier: { close(why: FeedClose): void } | undefined;
  const seat: Seat = {
    session: { received() {}, drained() {} } as unknown as FeedSession,
    leave: (why) => void told.push(`left: ${why}`),
  };
  const desk = {
    enter(entering: { close(why: FeedClose): void }) {
      carrier = entering;
      return seat;
    },
  } as unknown as FeedDesk;
  const wake = () => {};
  const made = new FeedService({
    transport,
    desk: () => desk,
    wake,
    ended: ({ reason }) => void told.push(`ended: ${reason}`),
  });
  made.opened(7, "10.0.0.1");
  return { made, told, close: (why: FeedClose) => carrier?.close(why) };
}

test.each([
  [FeedClose.Stalled, "destroy 7"],
  [FeedClose.FellBehind, "close 7"],
  [FeedClose.GoingAway, "close 7"],
])("one that is ended for %s: %s, once, and its reason is kept", (why, call) => {
  const { made, told, close } = service();
  close(why);
  close(FeedClose.Idle);
  made.closed(7, CloseCause.Finished);
  expect(told).toEqual([call, `left: ${why}`, `ended: ${why}`]);
});

test.each([
  [CloseCause.Finished, "PeerEnded"],
  [CloseCause.Broken, "Broken"],
])("one that goes by itself (%i) is counted as %s", (cause, why) => {
  const { made, told } = service();
  made.closed(7, cause);
  made.closed(7, cause);
  expect(told).toEqual([`left: ${why}`, `ended: ${why}`]);
});
