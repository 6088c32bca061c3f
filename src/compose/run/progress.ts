/** What becomes of the parts of a project, in the words of docker's Compose. */

export interface ComposeEvent {
  readonly kind: "Network" | "Volume" | "Container" | "Image";
  readonly name: string;
  readonly status:
    | "Creating"
    | "Created"
    | "Recreate"
    | "Recreated"
    | "Starting"
    | "Started"
    | "Restarting"
    | "Running"
    | "Waiting"
    | "Healthy"
    | "Exited"
    | "Stopping"
    | "Stopped"
    | "Removing"
    | "Removed"
    | "Building"
    | "Built"
    | "Pulling"
    | "Pulled"
    | "Still in use";
}

export type Report = (event: ComposeEvent) => void;
