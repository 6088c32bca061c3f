/** Labels by which docker's Compose knows what belongs to a project (pkg/api/labels.go): either tool finds what the other has made. */

const PREFIX = "com.docker.compose.";

export const LABELS = {
  project: `${PREFIX}project`,
  service: `${PREFIX}service`,
  number: `${PREFIX}container-number`,
  oneOff: `${PREFIX}oneoff`,
  configHash: `${PREFIX}config-hash`,
  image: `${PREFIX}image`,
  dependsOn: `${PREFIX}depends_on`,
  configFiles: `${PREFIX}project.config_files`,
  workingDir: `${PREFIX}project.working_dir`,
  version: `${PREFIX}version`,
  replaces: `${PREFIX}replace`,
  network: `${PREFIX}network`,
  volume: `${PREFIX}volume`,
} as const;

/** The Compose whose labels these are. Its tools read names and numbers of before 1.21 in another way. */
export const LABELS_VERSION = "2.40.3";
