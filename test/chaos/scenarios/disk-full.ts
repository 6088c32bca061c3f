/** A data root on a disk of its own with a random, too small rest of room; then somebody makes room again. */
import { statfsSync, unlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openEngine } from "../../../src/engine/open.js";
import { ensureBusyboxImage } from "../../fixtures/busybox-image.js";
import { mountSmallDisk } from "../../fixtures/small-disk.js";
import { faultRounds } from "../fault-rounds.js";
import { between } from "../random.js";

const MIB = 1 << 20;
let filler = "";

export const diskFull = faultRounds({
  name: "disk full",
  operations: ["pull", "build", "start", "copy", "commit", "import"],
  async home() {
    const disk = mountSmallDisk(48 * MIB);
    await using engine = await openEngine({ home: path.join(disk.directory, "home") });
    await ensureBusyboxImage(engine);
    filler = path.join(disk.directory, "filler");
    return { home: path.join(disk.directory, "home"), [Symbol.dispose]: () => disk[Symbol.dispose]() };
  },
  set({ random }) {
    const left = random() < 0.3 ? between(random, 0, 64 * 1024) : between(random, 0, 8 * MIB);
    return {
      what: `${left} bytes left`,
      strike() {
        const { bavail, bsize } = statfsSync(path.dirname(filler));
        try {
          writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - left)));
        } catch (error) {
          // Whoever works there has taken some of the rest meanwhile: then it is full.
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        }
      },
      undo: () => unlinkSync(filler),
    };
  },
});
