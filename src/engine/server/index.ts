/** What the command line may import of the server, and does only once it is to serve: one chunk of the bundle. */
export { parseListenAddress } from "./listen-address.js";
export { serve } from "./serve.js";
