/**
 * Platforms (`os/architecture[/variant]`): the host's, parsing, and choosing from an image index what runs best.
 * Names and fall-backs are those of containerd's `platforms` package, so that the same image is chosen as by docker.
 */
import { endianness } from "node:os";
import { CaissonError, optionError } from "../errors.js";
import { isIndex, isManifest } from "./media-types.js";

/** A platform in the terms of the OCI image index (GOOS and GOARCH). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

/** What {@link selectManifest} reads of an index's descriptors. */
export interface PlatformDescriptor {
  readonly mediaType?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** Other spellings of architectures, as `uname -m` and people write them. */
const architectureAliases: Readonly<Record<string, Omit<Platform, "os">>> = {
  x86_64: { architecture: "amd64" },
  "x86-64": { architecture: "amd64" },
  i386: { architecture: "386" },
  aarch64: { architecture: "arm64" },
  armhf: { architecture: "arm", variant: "v7" },
  armel: { architecture: "arm", variant: "v6" },
};

/** The architecture as Go names it, of what Node calls `process.arch`. */
const nodeArchitectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", mips64el: "mips64le", mipsel: "mipsle" };

/** The platform of containers on this host, e.g. `linux/amd64`, `linux/arm/v7`. Containers are Linux on every host. */
export function hostPlatform(): string {
  const arch: string = process.arch;
  if (arch === "arm") {
    // Which ARM a 32-bit Node was built for is the best that can be known without reading /proc/cpuinfo.
    const version = (process.config.variables as { readonly arm_version?: unknown }).arm_version;
    return formatPlatform({ os: "linux", architecture: "arm", variant: `v${version ?? 7}` });
  }
  if (arch === "ppc64" && endianness() === "LE") return "linux/ppc64le";
  return `linux/${nodeArchitectures[arch] ?? arch}`;
}

/**
 * Parses `os/architecture[/variant]`; a lone architecture means Linux.
 * @throws OPTION_INVALID
 */
export function parsePlatform(text: string): Platform {
  const parts = text.split("/");
  if (parts.length > 3 || parts.some((part) => !/^[A-Za-z0-9_.-]+$/.test(part))) {
    throw optionError("platform", text, "os/architecture or os/architecture/variant, for example linux/arm64");
  }
  const [first, second, variant] = parts as [string, string?, string?];
  return second === undefined ? normalise({ os: "linux", architecture: first }) : normalise({ os: first, architecture: second, variant });
}

/** `os/architecture[/variant]`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant ? [variant] : [])].join("/");
}

/** True when an image of the platform `candidate` runs where `wanted` does, on the same processor and without emulation. */
export function matchesPlatform(wanted: string | Platform, candidate: Platform): boolean {
  return platformRank(wanted, candidate) !== undefined;
}

/** 0 for the wanted platform itself, higher for the fall-backs, in the order of preference; `undefined` for what can't run. */
export function platformRank(wanted: string | Platform, candidate: Platform): number | undefined {
  const target = normalise(candidate);
  const fallbacks = compatible(typeof wanted === "string" ? parsePlatform(wanted) : normalise(wanted));
  const rank = fallbacks.findIndex(
    ({ os, architecture, variant }) => os === target.os && architecture === target.architecture && variant === target.variant,
  );
  return rank === -1 ? undefined : rank;
}

/**
 * Chooses from the descriptors of an index the one that suits the platform best; the first of equals.
 * @param reference names the image in the error
 * @throws IMAGE_PLATFORM_MISSING with what there is instead
 */
export function selectManifest<D extends PlatformDescriptor>(manifests: readonly D[], platform: string, reference = "the image"): D {
  let best: { descriptor: D; rank: number } | undefined;
  const images = manifests.filter(isImage);
  for (const descriptor of images) {
    // An entry that names no platform may be for any: better than nothing, worse than every match.
    const rank = descriptor.platform === undefined ? Number.MAX_SAFE_INTEGER : platformRank(platform, descriptor.platform);
    if (rank !== undefined && (best === undefined || rank < best.rank)) best = { descriptor, rank };
  }
  if (best !== undefined) return best.descriptor;
  throw platformMissing(
    reference,
    platform,
    images.flatMap((image) => (image.platform === undefined ? [] : [formatPlatform(image.platform)])),
  );
}

/** `IMAGE_PLATFORM_MISSING`, naming what the image has. */
export function platformMissing(reference: string, platform: string, available: readonly string[]): CaissonError<"IMAGE_PLATFORM_MISSING"> {
  const distinct = [...new Set(available)];
  return new CaissonError("IMAGE_PLATFORM_MISSING", `${reference} has no image for ${platform}`, {
    facts: { reference, platform, available: distinct },
    evidence: [distinct.length === 0 ? "It names no platform at all" : `It has: ${distinct.join(", ")}`],
    remedy: "choose a tag that was built for this platform, or build the image here",
  });
}

/** BuildKit puts attestations beside the images, as manifests of the platform unknown/unknown. */
function isImage({ mediaType, platform, annotations }: PlatformDescriptor): boolean {
  if (mediaType !== undefined && !isManifest(mediaType) && !isIndex(mediaType)) return false;
  return platform?.os !== "unknown" && annotations?.["vnd.docker.reference.type"] !== "attestation-manifest";
}

/** One spelling per platform: variants that say what is the default anyway are left out. */
function normalise(platform: Platform): Platform {
  const os = platform.os.toLowerCase() === "macos" ? "darwin" : platform.os.toLowerCase();
  const spelled = platform.architecture.toLowerCase();
  const alias = Object.hasOwn(architectureAliases, spelled) ? architectureAliases[spelled] : undefined;
  const architecture = alias?.architecture ?? spelled;
  const given = (platform.variant || alias?.variant || "").toLowerCase();
  const variant = /^\d/.test(given) ? `v${given}` : given;
  if (architecture === "arm") return { os, architecture, variant: variant || "v7" };
  const isDefault = variant === "" || (architecture === "arm64" && variant === "v8") || (architecture === "amd64" && variant === "v1");
  return isDefault ? { os, architecture } : { os, architecture, variant };
}

/** Every platform whose images the processor of `platform` runs itself, best first. */
function compatible(platform: Platform): Platform[] {
  const { os, architecture, variant } = platform;
  switch (architecture) {
    case "amd64":
      return [...lowerVariants(platform, 1), { os, architecture: "386" }].map(normalise);
    case "arm":
      return lowerVariants(platform, 5);
    case "arm64": {
      // arm64/v8.2 and v9 run what arm64/v8 runs; 32-bit images come last, since not every such processor has AArch32.
      const base: Platform[] = variant === undefined ? [platform] : [platform, { os, architecture }];
      return [...base, ...lowerVariants({ os, architecture: "arm", variant: "v8" }, 5)];
    }
    default:
      return [platform];
  }
}

/** `arm/v7` becomes `[arm/v7, arm/v6, arm/v5]`. */
function lowerVariants(platform: Platform, lowest: number): Platform[] {
  const version = Number(/^v(\d+)$/.exec(platform.variant ?? "")?.[1]);
  if (!Number.isInteger(version)) return [platform];
  const lower = Array.from({ length: Math.max(version - lowest, 0) }, (_, index) => ({ ...platform, variant: `v${version - 1 - index}` }));
  return [platform, ...lower];
}
