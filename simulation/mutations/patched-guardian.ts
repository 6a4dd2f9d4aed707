import { byHand, on } from './by-hand.ts';
import type { PatchedMutation } from './patch.ts';

/**
 * What a host may run, and until when. Not listed, because a second guard covers it: that a write of before the word does not
 * end the isolation. Whatever runs again after it first writes a sequence above the word into its sector.
 */
export const PATCHED_GUARDIAN: readonly PatchedMutation[] = [
  {
    name: 'count the deadline of the guardian from the end of a write, not from its begin',
    patches: [
      {
        file: 'node-agent/slot-heartbeat.ts',
        find: 'this.#good = { beganMs, sequence };',
        put: 'this.#good = { beganMs: clock.nowMs(), sequence };',
      },
    ],
    breaks: ['B4: no lease leaves', 'G2'],
    withinSeeds: 2,
    // The last write is done at once and told 14 s later; then nothing but the watchdog ends its copy.
    where: byHand({
      events: [{ at: 40, do: 'suspend-fails', vm: 'vm-1' }],
      faults: [
        { at: 25, do: 'storage-answers-late', node: 'n1', seconds: 120, delayMs: 14_000 },
        { at: 50, do: 'hypervisor-hangs', node: 'n1', seconds: 100, call: 'destroy' },
        { at: 60, do: 'storage-requests-lost', node: 'n1', seconds: 100 },
      ],
      healedAt: 170,
    }),
  },
  {
    name: 'a start under way is no copy that may write',
    patches: [
      {
        file: 'node-agent/guardian-runner.ts',
        find: 'this.#still.mayWrite(copies, [...before, ...underWay.vms])',
        put: 'this.#still.mayWrite(copies, before.slice(0, 0))',
      },
    ],
    breaks: ['B4: nothing runs', 'G2'],
    withinSeeds: 2,
    // It hangs while its host is isolated, and ends when another has the VM.
    where: byHand({
      events: [
        { at: 30, do: 'kill', vm: 'vm-1' },
        { at: 36, do: 'storage-link-down', node: 'n1' },
        { at: 85, do: 'storage-link-up', node: 'n1' },
      ],
      faults: [{ at: 29, do: 'hypervisor-hangs', node: 'n1', seconds: 66, call: 'start' }],
      healedAt: 120,
    }),
  },
  {
    name: 'a start does not ask right before it whether anything may run',
    patches: [
      {
        file: 'node-agent/start-copy.ts',
        find: 'already counts this copy as running.\n  if (!guardian.mayRun()) {',
        put: 'already counts this copy as running.\n  if (guardian === undefined) {',
      },
    ],
    breaks: ['B4: no lease leaves', 'G2'],
    withinSeeds: 16,
    // It reads the database from before the isolation until after it, and takes the lease before the guardian's next step counts
    // it: the word is given meanwhile. A matter of milliseconds, so each seed tries others.
    where: (seed) =>
      byHand({
        events: [
          { at: 10, do: 'stop', vm: 'vm-1' },
          ...on(['n2', 'n3'], { at: 25, do: 'maintenance-on' }),
          { at: 30, do: 'storage-link-down', node: 'n1' },
          { at: 50, do: 'suspend-fails', vm: 'vm-1' },
          { at: 55.5, do: 'start', vm: 'vm-1' },
          { at: 58.1, do: 'storage-link-up', node: 'n1' },
          { at: 59.8, do: 'storage-link-down', node: 'n1' },
          ...on(['n2', 'n3'], { at: 62, do: 'maintenance-off' }),
          { at: 150, do: 'storage-link-up', node: 'n1' },
        ],
        faults: [
          {
            ...{ at: (55_560 + seed) / 1000, do: 'link-bad', network: 'management', node: 'n1', seconds: 60 },
            ...{ delayMs: 1450, jitterMs: 0, lossPercent: 0, duplicatePercent: 0 },
          },
          { at: 57, do: 'hypervisor-hangs', node: 'n1', seconds: 80, call: 'destroy' },
        ],
        healedAt: 200,
      })(seed),
  },
];
