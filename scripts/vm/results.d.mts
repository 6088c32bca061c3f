export interface StepResult {
  readonly results: readonly { readonly name: string }[];
  readonly missing: readonly string[];
  readonly status: number | undefined;
}

export function readResults(file: string): ReadonlyMap<string, StepResult>;
export function summaryOf(name: string, step: StepResult): string;
