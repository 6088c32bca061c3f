/** Says whose container it was that failed: an engine knows it by its id alone. */
import { CaissonError, isCaissonError } from "../../engine/errors.js";

export interface ServiceContainer {
  readonly service: string;
  /** Of the container. */
  readonly name: string;
  readonly id?: string | undefined;
}

/** @throws what `work` throws, with its code and facts; service and container are named in its summary */
export async function namingService<T>({ service, name, id }: ServiceContainer, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isCaissonError(error) || error.code === "ABORTED") throw error;
    const { code, facts, evidence, remedy } = error;
    const summary = id === undefined ? error.summary : error.summary.replaceAll(id, name);
    throw new CaissonError(code, `The service ${service} (container ${name}): ${summary}`, { facts, evidence, remedy, cause: error });
  }
}
