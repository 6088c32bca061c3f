/** One step of the tour through docker's command line. */
export interface Step {
  /** For a shell, in a directory of its own; `docker` is the command. */
  readonly line: string;
  /** Why dockerd and Caisson answer differently. The exit codes are the same all the same. */
  readonly differs?: string | undefined;
  /** Why lines come in another order, or twice. */
  readonly unordered?: string | undefined;
}

export function step(line: string, options: Omit<Step, "line"> = {}): Step {
  return { line, ...options };
}

/** What is new with every run: ids, times, ages, sizes of what both sides keep differently, addresses, ports, generated names. */
export function normalised(text: string): string {
  return text
    .replace(/\r/g, "")
    .replace(/sha256:[0-9a-f]{64}/g, "<digest>")
    .replace(/\b[0-9a-f]{64}\b/g, "<id>")
    .replace(/\b[0-9a-f]{12}\b/g, "<id>")
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| ?[+-]\d\d:?\d\d( UTC)?)?/g, "<time>")
    .replace(/(Less than a second|About (a minute|an hour)|\d+ (second|minute)s?)( ago)?/g, "<age>")
    .replace(/\b\d+(\.\d+)?(MiB|GiB|KiB|kB|MB|GB|B)\b/g, "<size>")
    .replace(/\b\d+(\.\d+)?%/g, "<share>")
    .replace(/\b172\.\d+\.\d+\.\d+(\/\d+)?\b|\b10\.\d+\.\d+\.\d+(\/\d+)?\b/g, "<address>")
    .replace(/(127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|::1?):\d+(->|\b)/g, "<host>$2")
    .replace(/\b02:42(:[0-9a-f]{2}){4}\b/g, "<mac>")
    .replace(/[ \t]+/g, " ")
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
