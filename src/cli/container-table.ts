/** The table of `ps`, as docker prints it. Pure. */
import { commandText } from "../engine/docker-api/container-row.js";
import type { ContainerSummary, PublishedPort } from "../engine/engine.js";
import { humanDuration } from "../engine/spec/status-text.js";
import { formatMoment, formatSize } from "./quantities.js";

const SHORT_ID = 12;
const COMMAND_LENGTH = 20;
const MOUNT_LENGTH = 15;

/** Docker's heading of each column. */
export const CONTAINER_HEADINGS = {
  ID: "CONTAINER ID",
  Image: "IMAGE",
  Command: "COMMAND",
  CreatedAt: "CREATED AT",
  RunningFor: "CREATED",
  Status: "STATUS",
  State: "STATE",
  Ports: "PORTS",
  Names: "NAMES",
  Labels: "LABELS",
  Mounts: "MOUNTS",
  LocalVolumes: "LOCAL VOLUMES",
  /** Of `docker compose ps`, and the next one of `docker ps`. */
  Health: "HEALTH",
  HealthStatus: "HEALTH STATUS",
  Networks: "NETWORKS",
  Size: "SIZE",
} as const;

/** Docker's names of the columns, as `--format` knows them. */
export function containerColumns(
  container: ContainerSummary,
  { whole, now }: { readonly whole: boolean; readonly now: number },
): Readonly<Record<string, string>> {
  const { id, image, command, created, name, labels, status, statusText, mounts, networks, size } = container;
  const [, health = ""] = /\((?:health: )?(healthy|unhealthy|starting)\)$/.exec(statusText) ?? [];
  return {
    ID: whole ? id : id.slice(0, SHORT_ID),
    Image: image,
    Command: `"${shortened(commandText(command), COMMAND_LENGTH, whole)}"`,
    CreatedAt: formatMoment(created),
    RunningFor: `${humanDuration(now - created.getTime())} ago`,
    Status: statusText,
    State: status,
    Ports: portTexts(container).join(", "),
    Names: name,
    Labels: Object.entries(labels)
      .map(([label, value]) => `${label}=${value}`)
      .join(","),
    Mounts: mounts
      .map(({ name: volume, source }) => shortened(volume ?? source, MOUNT_LENGTH, whole))
      .filter((mount) => mount !== "")
      .join(","),
    LocalVolumes: String(mounts.filter(({ type }) => type === "volume").length),
    ...{ Health: health, HealthStatus: health },
    Networks: Object.keys(networks).join(",") || "bridge",
    Size: size ? `${formatSize(size.writableBytes)} (virtual ${formatSize(size.rootBytes)})` : "0B",
  };
}

/** `{{.Label "x"}}`: empty for a label that it has not. */
export function labelMethod({ labels }: Pick<ContainerSummary, "labels">): (name: string) => string {
  return (name) => (Object.hasOwn(labels, name) ? labels[name]! : "");
}

/** Docker's heading of `{{.Label "com.example.my-label"}}`: `my label`. */
export function labelHeading(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1).replace(/[-_]/g, " ");
}

/** Of the headings, too. */
export function containerTableRow(columns: Readonly<Record<string, string>>, sized: boolean): string[] {
  return ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names", ...(sized ? ["Size"] : [])].map(
    (name) => columns[name] ?? "",
  );
}

function shortened(text: string, length: number, whole: boolean): string {
  return whole || text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** `127.0.0.1:8080->80/tcp`, then what is exposed and not published: `443/tcp`. */
function portTexts({ ports, exposedPorts, status }: ContainerSummary): string[] {
  if (status === "created" || status === "exited") return [];
  const published = new Set(ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  const exposed = exposedPorts.map((port) => (port.includes("/") ? port : `${port}/tcp`)).filter((port) => !published.has(port));
  return [...ports.map((port) => `${hostAddress(port)}->${port.containerPort}/${port.protocol}`), ...exposed];
}

export function hostAddress({ hostIp, hostPort }: PublishedPort): string {
  return `${hostIp.includes(":") ? `[${hostIp}]` : hostIp}:${hostPort}`;
}
