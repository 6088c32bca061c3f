/** Progress of images as lines of JSON (moby pkg/jsonmessage): what the command line draws its bars from. Pure. */
import type { ImageProgress } from "../engine.js";

/** Of layers, in docker's words. */
const WORDS: Readonly<Record<"pull" | "push", Readonly<Record<ImageProgress["status"], string>>>> = {
  pull: {
    resolving: "Pulling fs layer",
    waiting: "Waiting",
    downloading: "Downloading",
    unpacking: "Extracting",
    uploading: "Uploading",
    exists: "Already exists",
    done: "Pull complete",
  },
  push: {
    resolving: "Preparing",
    waiting: "Waiting",
    downloading: "Downloading",
    unpacking: "Preparing",
    uploading: "Pushing",
    exists: "Layer already exists",
    done: "Pushed",
  },
};

export function progressLine(direction: "pull" | "push", { id, status, current, total }: ImageProgress): Readonly<Record<string, unknown>> {
  return {
    status: WORDS[direction][status],
    progressDetail: current === undefined ? {} : { current, ...(total === undefined ? {} : { total }) },
    id,
  };
}

/** Ends a stream whose beginning has told of success. */
export function errorLine(message: string): Readonly<Record<string, unknown>> {
  return { errorDetail: { message }, error: message };
}
