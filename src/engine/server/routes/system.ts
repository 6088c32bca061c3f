/** Routes about the server itself: ping, version, info, events, disk usage. */
import { arch, hostname, release } from "node:os";
import { buildCacheJson } from "../../docker-api/disk-usage-json.js";
import { eventJson } from "../../docker-api/event-line.js";
import { FilterParameter } from "../../docker-api/filter-parameter.js";
import { imageRow } from "../../docker-api/image-details.js";
import { authOf, registryHost } from "../../docker-api/registry-auth.js";
import { countsOf, infoJsonOf, warningsOf } from "../../docker-api/system-json.js";
import { parseTime } from "../../docker-api/times.js";
import { volumeJson } from "../../docker-api/volume-details.js";
import type { EngineEvent } from "../../engine.js";
import { version } from "../../version.js";
import { ADVERTISED_VERSION, OLDEST_VERSION } from "../api-version.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import type { Route } from "../router.js";
import type { ServerContext } from "../server-context.js";
import { listRows } from "./container-list.js";

export function systemRoutes(context: ServerContext): readonly Route[] {
  const ping = async (exchange: Exchange): Promise<void> => {
    await context.engine.ping();
    exchange.plain("OK", {
      // The classic builder: what clients may use of BuildKit is not served.
      "Builder-Version": "1",
      Swarm: "inactive",
      "Cache-Control": "no-cache, no-store, must-revalidate",
      Pragma: "no-cache",
    });
  };
  return [
    ["GET", "/_ping", ping],
    ["HEAD", "/_ping", ping],
    ["GET", "/version", async (exchange) => exchange.send(200, versionJson())],
    ["GET", "/info", async (exchange) => exchange.send(200, await infoJson(context))],
    ["POST", "/auth", (exchange) => login(context, exchange)],
    ["GET", "/events", (exchange) => events(context, exchange)],
    ["GET", "/system/df", async (exchange) => exchange.send(200, await diskUsageJson(context, exchange))],
  ];
}

/** Go's names of architectures, which are those of images. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

function versionJson(): object {
  const architecture = ARCHITECTURES[arch()] ?? arch();
  const common = { ApiVersion: ADVERTISED_VERSION, MinAPIVersion: OLDEST_VERSION, GitCommit: "", GoVersion: "", Os: "linux" };
  return {
    Platform: { Name: "Caisson" },
    Components: [
      {
        Name: "Engine",
        Version: version,
        Details: { ...common, Arch: architecture, BuildTime: "", Experimental: "false", KernelVersion: release() },
      },
    ],
    Version: version,
    ...common,
    Arch: architecture,
    KernelVersion: release(),
    BuildTime: "",
  };
}

async function infoJson({ engine, id }: ServerContext): Promise<object> {
  const [info, containers] = await Promise.all([engine.info(), engine.containers.list({ all: true })]);
  const { limits } = engine.supports;
  const known = infoJsonOf(info);
  const warnings = warningsOf(limits, info.cgroupVersion === "2" ? "2" : "1");
  return {
    ...known,
    ID: id,
    ...countsOf(containers),
    Driver: "overlay2",
    DriverStatus: [],
    Plugins: { Volume: ["local"], Network: ["bridge", "host", "null"], Authorization: null, Log: ["json-file"] },
    MemoryLimit: limits.memory,
    SwapLimit: limits.swap,
    CpuCfsPeriod: limits.cpu,
    CpuCfsQuota: limits.cpu,
    CPUShares: limits.cpu,
    CPUSet: limits.cpuset,
    PidsLimit: limits.pids,
    IPv4Forwarding: true,
    Debug: false,
    NFd: 0,
    OomKillDisable: false,
    NGoroutines: 0,
    SystemTime: new Date().toISOString(),
    LoggingDriver: "json-file",
    CgroupDriver: info.cgroupVersion === "none" ? "none" : "cgroupfs",
    NEventsListener: 0,
    OSVersion: "",
    IndexServerAddress: "https://index.docker.io/v1/",
    RegistryConfig: { InsecureRegistryCIDRs: ["127.0.0.0/8", "::1/128"], IndexConfigs: {}, Mirrors: [] },
    GenericResources: null,
    HttpProxy: "",
    HttpsProxy: "",
    NoProxy: "",
    Name: hostname(),
    Labels: [],
    ExperimentalBuild: false,
    Runtimes: { runc: { path: "runc" } },
    DefaultRuntime: "runc",
    Swarm: { NodeID: "", NodeAddr: "", LocalNodeState: "inactive", ControlAvailable: false, Error: "", RemoteManagers: null },
    LiveRestoreEnabled: false,
    Isolation: "",
    InitBinary: "docker-init",
    ContainerdCommit: { ID: "", Expected: "" },
    RuncCommit: { ID: "", Expected: "" },
    InitCommit: { ID: "", Expected: "" },
    SecurityOptions: ["name=seccomp,profile=builtin", ...(known.SecurityOptions ?? [])],
    Warnings: warnings.length > 0 ? warnings : null,
  };
}

/** Checks credentials; keeping them is the client's part. */
async function login({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const body = await exchange.json();
  const auth = authOf(body);
  if (!auth) throw new HttpFailure(400, "a user name, or an identity token, is missing");
  await engine.images.login(registryHost(body.text("serveraddress") ?? ""), auth, { signal: exchange.signal });
  exchange.send(200, { IdentityToken: "", Status: "Login Succeeded" });
}

const EVENT_FILTERS = ["container", "daemon", "event", "image", "label", "network", "plugin", "scope", "type", "volume"];

async function events({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const filters = new FilterParameter(exchange.text("filters"), EVENT_FILTERS);
  const since = parseTime("since", exchange.text("since"));
  const until = parseTime("until", exchange.text("until"));
  if (since && until && since > until) throw new HttpFailure(400, "`since` time can't be after `until` time");
  const volumes = filters.get("volume");
  const wanted = (event: EngineEvent): boolean => volumes === undefined || (event.type === "volume" && volumes.includes(event.id));
  const stream = engine.events({
    signal: exchange.signal,
    since,
    until,
    filters: {
      type: filters.get("type"),
      event: filters.get("event"),
      container: filters.get("container"),
      image: filters.get("image"),
      network: filters.get("network"),
      label: filters.get("label"),
    },
  });
  const output = exchange.stream("application/json");
  for await (const event of stream) if (wanted(event)) await output.write(`${JSON.stringify(eventJson(event))}\n`);
  output.end();
}

async function diskUsageJson(context: ServerContext, exchange: Exchange): Promise<object> {
  const { engine } = context;
  const types = exchange.query.getAll("type");
  const wanted = (type: string): boolean => types.length === 0 || types.includes(type);
  const [usage, volumes, containers] = await Promise.all([
    engine.diskUsage(),
    engine.volumes.list(),
    wanted("container") ? listRows(context, { all: true, size: true }) : [],
  ]);
  const sizes = new Map(usage.volumes.map((volume) => [volume.name, volume]));
  const images = usage.images.map((image) => ({
    ...imageRow(
      { ...image, repoDigests: [], labels: {}, platform: undefined },
      { version: exchange.version, containers: image.containers },
    ),
    SharedSize: image.sharedBytes,
  }));
  return {
    ...(wanted("image") ? { LayersSize: usage.layersBytes - usage.buildCache.reclaimableBytes, Images: images } : {}),
    ...(wanted("container") ? { Containers: containers } : {}),
    ...(wanted("volume")
      ? {
          Volumes: volumes.map((volume) => ({
            ...volumeJson(volume),
            UsageData: { RefCount: Math.max(volume.usedBy.length, volume.inUse ? 1 : 0), Size: sizes.get(volume.name)?.bytes ?? -1 },
          })),
        }
      : {}),
    ...(wanted("build-cache")
      ? { BuildCache: usage.buildCache.steps.map(buildCacheJson), BuilderSize: usage.buildCache.reclaimableBytes }
      : {}),
  };
}
