/** What can fail on a host beside its storage and database heartbeats. Each resolves within its own deadline. */
export interface Probes {
  /** False when the host's own file system no longer takes writes (T4). */
  fileSystemWritable(): Promise<boolean>;
  /** False when the local storage service that carries the VMs' disks fails (T8, boost only). */
  storageServiceWorks(): Promise<boolean>;
}
