/** What registries tell, as the API shows it. Pure. */
import type { FoundRepository, RemoteImage } from "../engine.js";

export interface DistributionJson {
  readonly Descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly Platforms?: readonly { readonly os?: string; readonly architecture?: string; readonly variant?: string }[] | null;
}

export interface SearchResultJson {
  readonly name: string;
  readonly description?: string;
  readonly star_count?: number;
  readonly is_official?: boolean;
  readonly is_automated?: boolean;
}

export function distributionJson({ mediaType, digest, size, platforms }: RemoteImage): DistributionJson {
  return {
    Descriptor: { mediaType, digest, size },
    Platforms: platforms.map((platform) => {
      const [os = "", architecture = "", variant] = platform.split("/");
      return { architecture, os, ...(variant === undefined ? {} : { variant }) };
    }),
  };
}

export function remoteImageOf({ Descriptor: { mediaType, digest, size }, Platforms }: DistributionJson): RemoteImage {
  const platforms = (Platforms ?? []).map(({ os, architecture, variant }) => [os, architecture, variant].filter(Boolean).join("/"));
  return { mediaType, digest, size, platforms };
}

export function searchResultJson({ name, description, stars, official }: FoundRepository): SearchResultJson {
  // Docker Hub has built nothing by itself for others since 2021.
  return { star_count: stars, is_official: official, name, is_automated: false, description };
}

export function foundRepositoryOf({ name, description = "", star_count = 0, is_official = false }: SearchResultJson): FoundRepository {
  return { name, description, stars: star_count, official: is_official };
}
