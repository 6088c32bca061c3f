/** Annotations of an image layout's index that name its images. */

/** The whole reference, as containerd and docker write it. */
export const imageNameAnnotation = "io.containerd.image.name";
/** The tag, or with some tools the whole reference (image-spec annotations.md). */
export const refNameAnnotation = "org.opencontainers.image.ref.name";
