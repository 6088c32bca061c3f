/** `list`: filters, order, limit and sizes. */
import type { ContainerFilters, ContainerListOptions, ContainerSummary, ImageInspect } from "../../engine.js";
import { isCaissonError, optionError } from "../../errors.js";
import { anyOf, hasLabels, isNamed } from "../../filters.js";
import type { ImageStore } from "../images/image-store.js";
import type { ContainerRecord } from "./container-record.js";
import { exposedPortsOf, labelsOf, summarize } from "./inspect.js";
import type { Session } from "./session.js";
import { writtenBytes } from "./written-files.js";

export interface ListSource {
  readonly all: () => readonly ContainerRecord[];
  /** @throws CONTAINER_NOT_FOUND */
  readonly find: (container: string) => ContainerRecord;
  readonly session: () => Promise<Session>;
  readonly images: Pick<ImageStore, "inspect">;
}

/** Newest last. @throws CONTAINER_NOT_FOUND, OPTION_INVALID */
export async function listContainers(source: ListSource, options: ContainerListOptions): Promise<ContainerSummary[]> {
  const { all = false, labels = {}, name, filters = {}, limit, size } = options;
  const passes = await containerFilter(source, filters);
  // A status or an exit code that is asked for is looked for among all containers, as docker does.
  const everything = all || limit !== undefined || (filters.status ?? []).length > 0 || (filters.exited ?? []).length > 0;
  const found = source
    .all()
    .filter((record) => everything || record.running || record.status === "restarting")
    .filter((record) => name === undefined || record.name.includes(name))
    .filter((record) => Object.entries(labels).every(([key, value]) => labelsOf(record)[key] === value))
    .filter(passes);
  const listed = limit === undefined ? found : found.slice(-limit);
  return Promise.all(listed.map(async (record) => ({ ...summarize(record), ...(size && { size: await sizeOf(source, record) }) })));
}

async function sizeOf(source: ListSource, record: ContainerRecord) {
  const writableBytes = await writtenBytes(await source.session(), record);
  return { writableBytes, rootBytes: writableBytes + record.image.inspect.size };
}

type Predicate = (record: ContainerRecord) => boolean;

async function containerFilter(source: ListSource, filters: ContainerFilters): Promise<(record: ContainerRecord) => boolean> {
  const ancestors = (await Promise.all((filters.ancestor ?? []).map((image) => imageOf(source, image)))).filter(
    (image) => image !== undefined,
  );
  const before = filters.before === undefined ? undefined : source.find(filters.before);
  const since = filters.since === undefined ? undefined : source.find(filters.since);
  const order = new Map(source.all().map((record, index) => [record.id, index]));
  const place = (record: ContainerRecord): number => order.get(record.id) ?? 0;
  const publish = filters.publish?.map((port) => parsePort("publish", port));
  const expose = filters.expose?.map((port) => parsePort("expose", port));
  const predicates: Predicate[] = [
    ({ id }) => anyOf(filters.id, (value) => id.startsWith(value)),
    ({ name }) => anyOf(filters.name, (value) => name.includes(value.replace(/^\//, ""))),
    (record) => hasLabels(labelsOf(record), filters.label),
    ({ status }) => anyOf(filters.status, (value) => status === value),
    ({ status, exit }) => anyOf(filters.exited, (value) => status === "exited" && exit?.exitCode === value),
    ({ health }) => anyOf(filters.health, (value) => (health?.status ?? "none") === value),
    ({ image }) => filters.ancestor === undefined || ancestors.some((ancestor) => standsOn(image.inspect, ancestor)),
    (record) => before === undefined || place(record) < place(before),
    (record) => since === undefined || place(record) > place(since),
    ({ ports }) => anyOf(publish, (port) => ports.some((each) => `${each.containerPort}/${each.protocol}` === port)),
    (record) => anyOf(expose, (port) => exposedPortsOf(record).includes(port)),
    ({ endpoints }) =>
      anyOf(filters.network, (value) => [...endpoints.values()].some(({ network: { id, name } }) => isNamed(value, id, [name]))),
  ];
  return (record) => predicates.every((passes) => passes(record));
}

/** An image that isn't here is nobody's ancestor. */
async function imageOf({ images }: ListSource, reference: string): Promise<ImageInspect | undefined> {
  return images.inspect(reference).catch((error: unknown) => {
    if (isCaissonError(error, "IMAGE_NOT_FOUND") || isCaissonError(error, "IMAGE_REFERENCE_INVALID")) return undefined;
    throw error;
  });
}

function standsOn(image: ImageInspect, ancestor: ImageInspect): boolean {
  return (
    image.id === ancestor.id ||
    (ancestor.layers.length < image.layers.length && ancestor.layers.every((layer, at) => image.layers[at] === layer))
  );
}

function parsePort(filter: string, text: string): string {
  if (!/^\d{1,5}(\/(tcp|udp))?$/.test(text)) throw optionError(`filters.${filter}`, text, "a port, with `/tcp` or `/udp`");
  return text.includes("/") ? text : `${text}/tcp`;
}
