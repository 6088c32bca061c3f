/** Routes by which images come and go: pull and import, load and save. */
import type { Readable } from "node:stream";
import { joinReference, splitReference } from "../../docker-api/image-name.js";
import { progressLine } from "../../docker-api/progress-lines.js";
import { registryAuthOf } from "../../docker-api/registry-auth.js";
import { isCaissonError } from "../../errors.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import { inLines, isLayer } from "../progress.js";
import type { Route } from "../router.js";
import type { ServerContext } from "../server-context.js";

export function imageArchiveRoutes(context: ServerContext): readonly Route[] {
  return [
    ["POST", "/images/create", (exchange) => create(context, exchange)],
    ["POST", "/images/load", (exchange) => load(context, exchange)],
    [
      "GET",
      "/images/get",
      (exchange) =>
        save(
          context,
          exchange,
          exchange.query.getAll("names").flatMap((names) => names.split(",")),
        ),
    ],
    ["GET", "/images/{name*}/get", (exchange) => save(context, exchange, [exchange.parameter("name")])],
  ];
}

async function create(context: ServerContext, exchange: Exchange): Promise<void> {
  if (exchange.text("fromImage") !== undefined) return pull(context, exchange);
  if (exchange.text("fromSrc") !== undefined) return importImage(context, exchange);
  throw new HttpFailure(400, "fromImage or fromSrc is missing");
}

async function pull({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const reference = joinReference(exchange.text("fromImage")!, exchange.text("tag"));
  const auth = registryAuthOf(exchange.header("x-registry-auth"));
  const { repository, tag = "latest" } = splitReference(reference);
  const known = await engine.images.inspect(reference).catch(() => undefined);
  const lines = exchange.lines();
  const announced = new Set<string>();
  await inLines(lines, async () => {
    const image = await engine.images
      .pull(reference, {
        platform: exchange.text("platform"),
        ...(auth ? { auth } : {}),
        signal: exchange.signal,
        progress(event) {
          if (!isLayer(event)) return;
          if (announced.size === 0) void lines.write({ status: `Pulling from ${pathOf(repository)}`, id: tag });
          if (!announced.has(event.id) && event.status !== "exists" && event.status !== "resolving")
            void lines.write(progressLine("pull", { id: event.id, status: "resolving" }));
          announced.add(event.id);
          void lines.write(progressLine("pull", event));
        },
      })
      .catch((error: unknown) => {
        if (!isCaissonError(error, "IMAGE_NOT_FOUND")) throw error;
        throw new HttpFailure(404, `manifest for ${repository}:${tag} not found: manifest unknown: manifest unknown`);
      });
    if (announced.size === 0) await lines.write({ status: `Pulling from ${pathOf(repository)}`, id: tag });
    const digest = image.repoDigests.find((each) => each.startsWith(`${repository}@`))?.split("@")[1] ?? image.digest;
    await lines.write({ status: `Digest: ${digest}` });
    const news = known?.id === image.id ? "Image is up to date for" : "Downloaded newer image for";
    await lines.write({ status: `Status: ${news} ${tag.includes(":") ? `${repository}@${tag}` : `${repository}:${tag}`}` });
  });
}

/** Within its registry. */
function pathOf(repository: string): string {
  const [first = "", ...rest] = repository.split("/");
  if (rest.length > 0 && /[.:]|^localhost$/.test(first)) return rest.join("/");
  return rest.length > 0 ? repository : `library/${repository}`;
}

async function importImage({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const source = exchange.text("fromSrc")!;
  const url = source === "-" ? undefined : addressOf(source);
  const repository = exchange.text("repo");
  const lines = exchange.lines();
  await inLines(lines, async () => {
    const { id } = await engine.images.import(url ?? exchange.body, {
      ...(repository === undefined ? {} : { reference: joinReference(repository, exchange.text("tag")) }),
      changes: exchange.query.getAll("changes"),
      comment: exchange.text("message") ?? `Imported from ${url?.href ?? "-"}`,
      platform: exchange.text("platform"),
      signal: exchange.signal,
      progress({ id, current, total }) {
        if (!lines.begun) void lines.write({ status: `Downloading from ${id}` });
        void lines.write({ status: "Importing", progressDetail: { current, total } });
      },
    });
    await lines.write({ status: id });
  });
}

/** Without a scheme it is plain HTTP. @throws HttpFailure */
function addressOf(source: string): URL {
  const text = source.includes("://") ? source : `http://${source}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new HttpFailure(400, `invalid fromSrc ${JSON.stringify(source)}: expected - or the address of an archive, http: or https:`);
}

async function load({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const lines = exchange.lines();
  await inLines(lines, async () => {
    for (const { id, references } of await engine.images.load(exchange.body, { signal: exchange.signal })) {
      if (references.length === 0) await lines.write({ stream: `Loaded image ID: ${id}\n` });
      for (const reference of references) await lines.write({ stream: `Loaded image: ${reference}\n` });
    }
  });
}

async function save({ engine }: ServerContext, exchange: Exchange, names: readonly string[]): Promise<void> {
  if (names.length === 0) throw new HttpFailure(400, "names are missing");
  for (const name of names) await engine.images.inspect(name); // before the answer begins
  const tar: Readable = await engine.images.save(names, { signal: exchange.signal });
  const output = exchange.stream("application/x-tar");
  try {
    for await (const chunk of tar) if (!(await output.write(chunk as Buffer))) break;
    output.end();
  } catch {
    output.destroy();
  }
}
