import type { VmId } from '#machines';
import type { WorldFault } from '../faults/world-fault.ts';
import type { ScenarioEvent } from '../scenario/mod.ts';
import { MAX_ATTEMPTS, RATE, WAITS_SECONDS } from './attempts.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { HostChanges } from './host-changes.ts';
import { vmOfEvent, type Watch, type Watcher } from './watcher.ts';

/** Between two looks, seconds of true time. */
const LOOK_SECONDS = 1;
/** From whatever happens to a host or a network until actors have moved, connections are back and a leader is elected. */
const AFTERMATH_SECONDS = 60;
/** A look, and a step that is committed late because a datagram was lost. */
const LATE_SECONDS = 5;

interface Waiting {
  readonly sinceSeconds: number;
  readonly tries: number;
}

/**
 * B5: no wait between two attempts is longer than the row says where nothing hinders: from a minute before it began nothing
 * happened to any host, network or server, and some host was answered by messaging all the time. What befalls VMs is no
 * hindrance: it is what attempts are for.
 */
export function waitsEnd(watch: Watch): Watcher {
  const { world, nowSeconds, violate } = watch;
  const changes = new HostChanges(watch);
  const attempts = new FailedAttempts();
  const waiting = new Map<VmId, Waiting>();
  let hinderedUntil = 0;
  let nextLook = 0;

  function hinder(untilSeconds: number): void {
    hinderedUntil = Math.max(hinderedUntil, untilSeconds + AFTERMATH_SECONDS);
  }

  function look(): void {
    const now = nowSeconds();
    hinder(changes.look());
    if (waiting.size === 0) return;
    const { messaging } = world();
    if (![...world().hosts.values()].some((host) => messaging.isServing(host))) hinder(now);
    for (const [vm, { sinceSeconds, tries }] of waiting) {
      const wanted = WAITS_SECONDS[Math.min(Math.max(tries, 1), MAX_ATTEMPTS) - 1] ?? 0;
      if (hinderedUntil > sinceSeconds || now - sinceSeconds <= wanted / RATE + LATE_SECONDS) continue;
      waiting.delete(vm);
      violate(
        'B5: no wait is longer than it should be',
        `${vm} waits for ${(now - sinceSeconds).toFixed(1)} s after attempt ${tries}, not ${wanted} s`,
      );
    }
  }

  return {
    happens: (event) => {
      if (vmOfEvent(event) === undefined) hinder(nowSeconds() + lasts(event));
    },
    committed: (entry) => {
      const step = attempts.step(entry);
      if (step === undefined) return;
      if (step.state !== 'waiting') waiting.delete(step.vm);
      else if (step.before !== 'waiting') waiting.set(step.vm, { sinceSeconds: nowSeconds(), tries: step.most });
    },
    afterEvent: () => {
      if (nowSeconds() < nextLook) return;
      nextLook = nowSeconds() + LOOK_SECONDS;
      look();
    },
  };
}

function lasts(event: ScenarioEvent | WorldFault): number {
  const seconds = 'seconds' in event && event.do !== 'clock-jump' ? event.seconds : 0;
  return seconds + (event.do === 'agent-crashes' ? event.restartSeconds : 0);
}
