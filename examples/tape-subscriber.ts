// A subscriber of a tape: the mean of each sensor that tape-publisher.ts writes. It is a member of a group: run it twice, and one works while
// the other stands by, and goes on behind what the first has committed when that one ends. It runs until the readings end, or Ctrl-C:
//
//   npm run example examples/tape-subscriber.ts [host] [port, 9400] [topic, readings] [group, means]

import { SeriatimError } from "seriatim";
import { TapeSubscriber } from "seriatim/tape";

// What fails is said in one line, whenever it fails: status 2 for an argument that can't be, else 1.
process.once("uncaughtException", (error) => {
  if (!(error instanceof SeriatimError)) throw error;
  console.error(error.message);
  process.exit(error.code === "INVALID_ARGUMENT" ? 2 : 1);
});

const [host = "127.0.0.1", port = "9400", topic = "readings", group = "means"] = process.argv.slice(2);

const subscriber = await TapeSubscriber.connect({
  host,
  port: Number(port),
  topic,
  group,
  // Where a group begins that has committed nothing yet.
  from: "start",
  onState: (state, why) => console.log(why === undefined ? state : `${state}: ${why.message}`),
});
// npm passes a Ctrl-C on: it comes twice, and the second one must not end this before it has left its group.
process.on("SIGINT", () => void subscriber.close());

const sums = new Map<string, { count: number; celsius: number }>();
let readings = 0;
let isOver = false;
for await (const batch of subscriber.batches()) {
  for (const record of batch) {
    isOver = record.text === "end of readings";
    if (isOver) break;
    const sensor = Buffer.from(record.key).toString();
    const { celsius } = JSON.parse(record.text) as { celsius: number };
    const { count, celsius: sum } = sums.get(sensor) ?? { count: 0, celsius: 0 };
    sums.set(sensor, { count: count + 1, celsius: sum + celsius });
    readings++;
  }
  // Everything up to here is done: whoever goes on begins behind it.
  subscriber.commit();
  if (isOver) break;
}

for (const [sensor, { count, celsius }] of [...sums].sort()) {
  console.log(`${sensor}: ${(celsius / count).toFixed(2)} of ${count}`);
}
console.log(`${readings} readings`);
