/** Lines of pull and push as the contract's progress. Pure. */
import type { ProgressLine } from "../../docker-api/json-lines.js";
import type { ImageProgress } from "../../engine.js";

/** Docker's words for what it does with a layer; Podman has some of its own. */
const STATUSES: readonly (readonly [RegExp, ImageProgress["status"]])[] = [
  [/^(?:Pulling from|The push refers to)/, "resolving"],
  [/^(?:Pulling fs layer|Waiting|Preparing|Retrying)/, "waiting"],
  [/^(?:Downloading|Verifying Checksum|Copying)/, "downloading"],
  [/^(?:Extracting|Loading layer)/, "unpacking"],
  [/^Pushing/, "uploading"],
  [/^(?:Already exists|Layer already exists|Mounted from)/, "exists"],
  [/^(?:Pull complete|Pushed)/, "done"],
  // Only now it is unpacked: for Docker. Podman has nothing to say after it.
  [/^Download complete/, "downloading"],
];

/** Undefined for a line that is about no progress. @param reference names the image as a whole */
export function transferProgress({ id, status = "", progressDetail }: ProgressLine, reference: string): ImageProgress | undefined {
  const known = STATUSES.find(([pattern]) => pattern.test(status))?.[1];
  if (known === undefined) return undefined;
  const { current, total } = progressDetail ?? {};
  return {
    id: known === "resolving" || id === undefined || id === "" ? reference : id,
    status: known,
    ...(current === undefined || known === "resolving" ? {} : { current }),
    ...(total === undefined || total <= 0 ? {} : { total }),
  };
}
