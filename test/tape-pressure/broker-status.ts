// What a broker says of itself to whoever asks as an administrator.

import { decodeText, encodeText, TapeRole, TapeType } from "../../src/protocol/index.ts";
import type { TapeFigures } from "../../src/tape/index.ts";
import { WireConnection } from "./wire-connection.ts";

export function brokerFigures(port: number): Promise<TapeFigures> {
  return new Promise((resolve, reject) => {
    const hello = { role: TapeRole.Administrator, topic: "" };
    const connection: WireConnection = new WireConnection(port, hello, {
      accepted: () => void connection.send(encodeText(TapeType.Request, JSON.stringify({ do: "status" }))),
      message: (type, memory, length) => {
        if (type !== TapeType.Reply) return;
        connection.drop();
        resolve((JSON.parse(decodeText(memory, 0, length) ?? "{}") as { status: TapeFigures }).status);
      },
      over: ({ text }) => reject(new Error(`no figures: ${text}`)),
    });
  });
}
