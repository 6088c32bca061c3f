export interface Result {
  readonly name: string;
  readonly status: "passed" | "failed";
  readonly seconds: number;
  readonly message: string;
  readonly assertionResults: readonly { readonly fullName: string; readonly status: string; readonly failureMessages: readonly string[] }[];
}

export interface OutsideError {
  readonly message: string;
  readonly stack?: string;
  readonly cause?: OutsideError;
  readonly VITEST_TEST_PATH?: string;
  readonly VITEST_TEST_NAME?: string;
}

export const NO_FILE: string;
export function withOutsideErrors(results: readonly Result[], errors: readonly OutsideError[]): readonly Result[];
