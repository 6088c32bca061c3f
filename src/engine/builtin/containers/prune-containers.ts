/** Which containers `prune` removes. Pure. */
import type { PruneFilters } from "../../engine.js";
import { passesPrune } from "../../filters.js";
import type { ContainerRecord } from "./container-record.js";
import { summarize } from "./inspect.js";

/** Those that are neither running nor going to. */
export function prunable(records: readonly ContainerRecord[], filters: PruneFilters): ContainerRecord[] {
  return records.filter(
    (record) =>
      (record.status === "created" || record.status === "exited") &&
      passesPrune({ labels: summarize(record).labels, created: record.created }, filters),
  );
}
