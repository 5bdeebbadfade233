// A publisher of a tape: it puts readings of some sensors into a topic, each exactly once, through lost connections and restarts of the
// broker. Run it against `seriatim tape serve` or `seriatim start --tape-port`; tape-subscriber.ts reads what it writes:
//
//   npm run example examples/tape-publisher.ts [host] [port, 9400] [topic, readings] [readings, 100000]

import { SeriatimError } from "seriatim";
import { TapePublisher } from "seriatim/tape";

// What fails is said in one line, whenever it fails: status 2 for an argument that can't be, else 1.
process.once("uncaughtException", (error) => {
  if (!(error instanceof SeriatimError)) throw error;
  console.error(error.message);
  process.exit(error.code === "INVALID_ARGUMENT" ? 2 : 1);
});

const [host = "127.0.0.1", port = "9400", topic = "readings", count = "100000"] = process.argv.slice(2);
if (!(Number(count) >= 0)) {
  console.error("usage: npm run example examples/tape-publisher.ts [host] [port] [topic] [readings]");
  process.exit(2);
}

const publisher = await TapePublisher.connect({
  host,
  port: Number(port),
  topic,
  // Whose readings these are: the same number whenever this program runs, and nobody else's.
  publisher: 1,
  // Each of a session's batches once and in its order, and on the broker's disk before it counts.
  order: 2,
  ack: 2,
  // If a batch is missing for too long, the rest goes on in a new session, from where the log ends.
  reopen: true,
  onState: (state, why) => console.log(why === undefined ? state : `${state}: ${why.message}`),
});

const timer = setInterval(() => {
  const { records, bytes, inFlightBytes } = publisher.figures;
  console.log(`${records} acknowledged, ${bytes} bytes, ${inFlightBytes} under way`);
}, 1_000);

const began = Date.now();
for (let i = 0; i < Number(count); i++) {
  const reading = JSON.stringify({ reading: i, celsius: 20 + Math.round(50 * Math.sin(i / 100)) / 10 });
  // Full: what is under way is bounded. (publish() gives a promise for each record, for programs that must know where it is.)
  while (!publisher.append(reading, { key: `sensor-${i % 8}`, time_us: Date.now() * 1_000 })) {
    await publisher.room();
  }
}
await publisher.room();
const last = await publisher.publish("end of readings");
await publisher.close();
clearInterval(timer);

const { records, batches, resent, connections } = publisher.figures;
const place = last.record === undefined ? "" : `, the last as record ${last.record}`;
console.log(
  `${records} records in ${batches} batches are on the tape after ${Date.now() - began} ms${place}`,
);
console.log(`${resent} batches were sent again over ${connections} connections`);
