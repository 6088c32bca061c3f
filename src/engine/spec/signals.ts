/** Signals by the names and numbers that images and users write. */
import { constants } from "node:os";
import { optionError } from "../errors.js";

const FIRST_REALTIME = 34;
const LAST_REALTIME = 64;

/**
 * `"SIGINT"`, `"int"`, `"2"`, `2` and, as Docker has it, `"RTMIN+3"` to the signal's number.
 * @throws OPTION_INVALID
 */
export function signalNumber(signal: string | number): number {
  const number = typeof signal === "number" ? signal : parseSignal(signal);
  if (number === undefined || !Number.isInteger(number) || number < 1 || number > LAST_REALTIME) {
    throw optionError("signal", signal, "a signal's name or its number from 1 to 64", Object.keys(constants.signals));
  }
  return number;
}

function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const name = text.toUpperCase().replace(/^SIG/, "");
  const realtime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (realtime) {
    const offset = Number(realtime[3] ?? 0) * (realtime[2] === "-" ? -1 : 1);
    return (realtime[1] === "MIN" ? FIRST_REALTIME : LAST_REALTIME) + offset;
  }
  return (constants.signals as Readonly<Record<string, number>>)[`SIG${name}`];
}
