/** Rows of results as an aligned table for a terminal. Pure. */
import { type Limit, meets, type Summary, summarize } from "./statistics.js";

export type Unit = "ms" | "us" | "GB/s" | "MB" | "";

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly unit: Unit;
  readonly ours: readonly number[];
  /** Samples of what ours is compared with: the peer, or plain loopback. */
  readonly reference?: { readonly name: string; readonly samples: readonly number[] } | undefined;
  /** What has to be reached; judged on medians. */
  readonly must?: Limit | undefined;
  /** What would be better still. */
  readonly aim?: Limit | undefined;
}

const HEAD = ["what", "ours", "p10-p90 (n)", "compared with", "median", "ratio", "must", "aim", ""] as const;

export function formatTable(rows: readonly Row[]): string {
  const lines = [HEAD.map(String), ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  text.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return text.join("\n");
}

function cells(row: Row): string[] {
  const ours = summarize(row.ours);
  const reference = summarize(row.reference?.samples ?? []);
  return [
    row.what,
    ours ? quantity(ours.median, row.unit) : "-",
    ours && ours.count > 1 ? spread(ours) : "",
    row.reference?.name ?? "",
    reference ? quantity(reference.median, row.unit) : "",
    ours && reference ? ratio(ours.median, reference.median, row.unit) : "",
    limitText(row.must, row.unit),
    limitText(row.aim, row.unit),
    ours ? verdict(row, ours.median, reference?.median) : "",
  ];
}

/** `ok`, `ok, aim` or `MISSED`; empty where nothing was promised or the reference is missing. */
export function verdict(row: Pick<Row, "must" | "aim">, ours: number, reference: number | undefined): string {
  const must = row.must && meets(row.must, ours, reference);
  if (must === undefined) return "";
  if (!must) return "MISSED";
  return row.aim && meets(row.aim, ours, reference) ? "ok, aim" : "ok";
}

function quantity(value: number, unit: Unit): string {
  return `${significant(value)}${unit && ` ${unit}`}`;
}

function significant(value: number): string {
  const magnitude = Math.abs(value);
  return value.toFixed(magnitude >= 100 || Number.isInteger(value) ? 0 : magnitude >= 10 ? 1 : 2);
}

function spread(summary: Summary): string {
  return `${significant(summary.p10)}-${significant(summary.p90)} (${summary.count})`;
}

/** Throughputs are shares of the reference, times are factors by which ours is faster. */
function ratio(ours: number, reference: number, unit: Unit): string {
  return unit === "GB/s" ? `${Math.round((ours / reference) * 100)} %` : `${significant(reference / ours)}x`;
}

function limitText(limit: Limit | undefined, unit: Unit): string {
  if (limit === undefined) return "";
  if (limit.kind === "at-most") return `<= ${quantity(limit.value, unit)}`;
  if (limit.kind === "at-least") return `>= ${quantity(limit.value, unit)}`;
  return limit.kind === "share" ? `${Math.round(limit.part * 100)} %` : `${limit.factor}x`;
}
