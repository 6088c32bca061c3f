/** The version of the API that has `HostConfig.Annotations` (moby docs/api/version-history.md): an older daemon overlooks them. */
export const ANNOTATIONS_API = "1.43";
