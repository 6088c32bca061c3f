/** What is killed in the middle of. Whatever the store got of it, is whole; the same thing can be done again. */
import { type Killed, killsDuring } from "../kill-rounds.js";

const KILLED: readonly Killed[] = [
  {
    operation: "pull",
    needs: async (world) => ({ reference: await world.reference() }),
    again: (engine, needs) => engine.images.pull((needs as { reference: string }).reference),
  },
  {
    operation: "build",
    needs: async ({ context, dockerfileText }) => ({ context, dockerfileText }),
    again: (engine, needs) => {
      const { context, dockerfileText } = needs as { context: string; dockerfileText: string };
      return engine.images.build(context, { dockerfileText });
    },
  },
  { operation: "import" },
  { operation: "commit" },
  { operation: "start" },
  { operation: "exec" },
  { operation: "copy" },
  { operation: "stop" },
];

export const kills = KILLED.map(killsDuring);
