/** Whether somebody serves behind a published port. */
import { connect } from "node:net";

/** Docker's proxy takes every connection, and closes it at once where nobody listens behind it. */
const STAYS_OPEN_MS = 50;
const CONNECT_MS = 1000;

export function serves(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let timer = setTimeout(() => answer(false), CONNECT_MS);
    const answer = (open: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => {
      clearTimeout(timer);
      timer = setTimeout(() => answer(true), STAYS_OPEN_MS);
    });
    socket.once("data", () => answer(true));
    socket.once("end", () => answer(false));
    socket.once("error", () => answer(false));
  });
}
