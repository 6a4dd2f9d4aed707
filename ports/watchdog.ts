/**
 * The host's last resort: resets the whole host when nobody kicked it in time. Real: /dev/watchdog (hardware or
 * softdog). Once armed it is never disarmed while a VM may run here, so a dead agent cannot leave VMs unguarded.
 */
export interface Watchdog {
  /** Starts it, or changes its timeout (ms). From now on `kick` must come at least that often. */
  arm(timeoutMs: number): void;
  /** Puts the reset off by the whole timeout. */
  kick(): void;
}
