/** By which our client knows our server: a header of its answers to `/_ping`, with its version. */
export const OWN_SERVER = "caisson-version";
