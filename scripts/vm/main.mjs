#!/usr/bin/env node
// Runs the contract suite in a virtual machine with a kernel that this one is not: Debian's (6.1), cgroup v2 alone, systemd. Where there is no
// KVM, QEMU emulates it. Usage: main.mjs [all | [quickstart] [VITEST-ARGUMENT...]]: the quickstart of Postgres and a choice of files, it and
// all files, or what is named; each as root and as a user.
// Needs `npm run build`, root and Debian.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readResults, summaryOf } from "./results.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const CACHE = path.join(HERE, "../../.cache/vm");
/** It ends by itself; this ends one that hangs. */
const TIMEOUT_S = Number(process.env["CAISSON_VM_TIMEOUT_S"] ?? 3600);

const files = (...names) => names.map((name) => `test/contract/${name}.test.ts`).join(" ");
const SUITES = {
  root: files("isolation", "lifecycle", "mounts", "volumes", "observation", "inside", "attacks", "uplink"),
  user: files("isolation", "lifecycle", "observation", "inside", "uplink"),
  delegated: files("isolation"),
};

/** As whom; all unless told otherwise. */
const people = process.env["CAISSON_VM_AS"]?.split(",") ?? Object.keys(SUITES);
const wanted = process.argv.slice(2);
const named = wanted.filter((word) => word !== "all" && word !== "quickstart");
const WITH_QUICKSTART = wanted.length === 0 || named.length < wanted.length;
const WITH_TESTS = wanted.length === 0 || wanted.includes("all") || named.length > 0;

const quickstart = (who) => [`${who}-quickstart`, who, "node dist/cli/main.cjs load -i bin/images.tar && node scripts/vm/quickstart.mjs"];
const tests = (who) => {
  const what = wanted.length === 0 ? SUITES[who] : named.join(" ");
  const reporters = "--reporter=verbose --reporter=./scripts/vm/reporter.mjs";
  return [who, who, `node node_modules/vitest/vitest.mjs run --project contract ${reporters} ${what}`];
};
/** A name, as whom, and a command. */
const steps = [...(WITH_QUICKSTART ? people.map(quickstart) : []), ...(WITH_TESTS ? people.map(tests) : [])];

/** An archive of the image that the quickstart starts, built where there is none. */
function saveImages(archive) {
  const env = { ...process.env, CAISSON_HOME: path.join(CACHE, "../home") };
  const caisson = (...args) => execFileSync("node", [path.join(HERE, "../../dist/cli/main.cjs"), ...args], { env, stdio: "pipe" });
  try {
    caisson("image", "inspect", "postgres");
  } catch {
    execFileSync(path.join(HERE, "../images.mjs"), ["postgres"], { env, stdio: "inherit" });
  }
  caisson("save", "-o", archive, "postgres");
  return archive;
}

/** Kernel, initrd and the disk with Debian, made once from their recipe. */
function bootFiles() {
  const recipe = ["root.sh", "initrd.sh", "caisson-test.service"].map((name) => readFileSync(path.join(HERE, name)));
  const kernel = execFileSync("apt-cache", ["depends", "linux-image-cloud-amd64"]);
  const key = createHash("sha256")
    .update(Buffer.concat([...recipe, kernel]))
    .digest("hex")
    .slice(0, 12);
  const directory = path.join(CACHE, `boot-${key}`);
  if (!existsSync(directory)) {
    console.log("making the disk with Debian (half a minute)");
    const partial = mkdtempSync(`${directory}.partial-`);
    try {
      execFileSync(path.join(HERE, "root.sh"), [partial], { stdio: ["ignore", "ignore", "inherit"] });
      renameSync(partial, directory);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  return directory;
}

function hasKvm() {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return /\b(vmx|svm)\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return false;
  }
}

/** Whatever the machine writes to its disks is gone with it. */
const disk = (file) => ["-drive", `file=${file},format=raw,if=virtio,snapshot=on,cache=unsafe`];

/** @returns how QEMU ended */
async function run(boot, tree, results, console) {
  const qemu = spawn(
    "qemu-system-x86_64",
    [
      ...["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-smp", "2", "-m", "3072"],
      ...(hasKvm() ? ["-accel", "kvm", "-cpu", "host"] : ["-accel", "tcg,thread=multi", "-cpu", "max"]),
      ...["-kernel", path.join(boot, "vmlinuz"), "-initrd", path.join(boot, "initrd")],
      ...["-append", "console=ttyS0 panic=-1 mitigations=off audit=0"],
      ...disk(path.join(boot, "root.ext4")),
      ...disk(tree),
      ...["-serial", `file:${console}`, "-device", "virtio-serial"],
      ...["-chardev", "stdio,id=out,signal=off", "-device", "virtserialport,chardev=out,nr=1"],
      ...["-chardev", `file,id=results,path=${results}`, "-device", "virtserialport,chardev=results,nr=2"],
    ],
    // The end of its input would disconnect the first port.
    { stdio: ["pipe", "inherit", "inherit"] },
  );
  const stop = () => qemu.kill("SIGKILL");
  const timer = setTimeout(stop, TIMEOUT_S * 1000);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, stop);
  process.once("exit", stop);
  return new Promise((resolve, reject) => {
    qemu.once("error", reject);
    qemu.once("exit", (code, signal) => {
      clearTimeout(timer);
      resolve(code ?? signal);
    });
  });
}

execFileSync(path.join(HERE, "../install-packages.sh"), ["qemu-system-x86", "mmdebstrap", "e2fsprogs", "busybox-static"], {
  stdio: "inherit",
});
mkdirSync(CACHE, { recursive: true });
const boot = bootFiles();
const work = mkdtempSync(path.join(CACHE, "run-"));
const log = path.join(CACHE, "console.log");
try {
  const [tree, lines] = [path.join(work, "tree.ext4"), path.join(work, "results")];
  const images = WITH_QUICKSTART ? [saveImages(path.join(work, "images.tar"))] : [];
  const input = steps.map((step) => `${step.join(" ")}\n`).join("");
  execFileSync(path.join(HERE, "tree.sh"), [tree, ...images], { input, stdio: ["pipe", "inherit", "inherit"] });
  for (const file of images) rmSync(file);
  const begun = performance.now();
  const ended = await run(boot, tree, lines, log);
  const kept = path.join(CACHE, "results");
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(kept);
  const told = existsSync(lines) ? readResults(lines) : new Map();
  const ends = steps.map(([step]) => [step, told.get(step) ?? { results: [], missing: [], status: undefined }]);
  console.log();
  for (const [step, end] of ends) {
    writeFileSync(path.join(kept, `${step}.json`), JSON.stringify({ testResults: end.results }));
    console.log(summaryOf(step, end));
  }
  if (ended !== 0 || ends.some(([, { status }]) => status === undefined)) console.log(`qemu: ${ended}; the machine's console is in ${log}`);
  const seconds = Math.round((performance.now() - begun) / 1000);
  const words = ends.map(([step, { status }]) => `${step} ${status === 0 ? "passed" : `failed (${status ?? "no end"})`}`);
  console.log(`${seconds} s: ${words.join(", ")}`);
  process.exitCode = ends.every(([, { status }]) => status === 0) ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
