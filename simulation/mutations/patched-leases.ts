import { byHand, on, storageLink } from './by-hand.ts';
import type { PatchedMutation } from './patch.ts';

const OTHERS = ['n2', 'n3'];

const SLOT_IGNORED = {
  file: 'machines/evidence-holds.ts',
  find: '  if (slotNow.sequence > evidence.sequence) {',
  put: '  if (slotNow.sequence < 0) {',
};
const SECTOR_IGNORED = {
  file: 'machines/evidence-holds.ts',
  find: 'holder.incarnation === evidence.incarnation && holder.sequence > evidence.sequence',
  put: 'holder.sequence < 0',
};

/**
 * Who may take a lease, and what its holder does before it goes on. Not listed, because a second guard covers them: the slot
 * alone not looked at (the sector's own sequence says the same), and a word that is older than what is known of its node
 * (whoever takes the sector holds it against slot and sector).
 */
export const PATCHED_LEASES: readonly PatchedMutation[] = [
  {
    name: 'resume what is suspended without claiming its lease again',
    patches: [
      {
        file: 'node-agent/reconcile.ts',
        find: 'if (!(await changeLease(storage, sector, next)) || !guardian.mayRun()) return;',
        put: 'void next; if (!guardian.mayRun()) return;',
      },
    ],
    breaks: ['B4: no lease leaves', 'G2'],
    withinSeeds: 6,
    // Whoever takes it has read slot and sector, and is slow from there to its own write; the holder comes back meanwhile.
    where: byHand({
      events: [
        { at: 30, do: 'storage-link-down', node: 'n1' },
        { at: 66, do: 'storage-link-up', node: 'n1' },
      ],
      faults: on(OTHERS, { at: 50, do: 'hypervisor-slow', seconds: 60, delayMs: 20_000 }),
      healedAt: 120,
    }),
  },
  {
    name: 'take a lease without looking whether its holder came back: neither its slot nor the sector is asked',
    patches: [SLOT_IGNORED, SECTOR_IGNORED],
    breaks: ['B4: no lease leaves', 'G2'],
    withinSeeds: 2,
    // Starts fail until the holder is back, and are repeated on the same evidence.
    where: byHand({
      events: [
        { at: 30, do: 'storage-link-down', node: 'n1' },
        { at: 72, do: 'storage-link-up', node: 'n1' },
      ],
      faults: on(OTHERS, { at: 58, do: 'storage-errors', seconds: 28, percent: 100 }),
      healedAt: 120,
    }),
  },
  {
    name: 'take a lease by the slot of its holder alone, which a late write took back',
    patches: [SECTOR_IGNORED],
    breaks: ['B4: no lease leaves', 'G2'],
    withinSeeds: 6,
    // The holder is back from 70 on, and resumes. Its agent stalls, and what it wrote before its word lands at 85.
    where: byHand({
      events: [],
      faults: [
        storageLink(30, 55, 100),
        ...on(OTHERS, { at: 61, do: 'storage-errors', seconds: 26.5, percent: 100 }),
        storageLink(70, 60, 0),
        { at: 80, do: 'agent-stalls', node: 'n1', seconds: 22 },
      ],
      healedAt: 135,
    }),
  },
  {
    name: 'a fence counts for the next boot of its host, too',
    patches: [
      {
        file: 'machines/evidence-holds.ts',
        find: 'holder.incarnation > evidence.incarnation)',
        put: 'holder.incarnation > evidence.incarnation + 1)',
      },
    ],
    breaks: ['B4: nothing runs', 'B4: no lease leaves', 'G2'],
    withinSeeds: 12,
    // It boots and is to start the VM, hangs until nobody waits for it any more, and takes the lease just before another does.
    where: byHand({
      settings: { fence: 'confirming', fenceSeconds: 1, sensitivity: 'high' },
      events: [
        { at: 29, do: 'start-fails', vm: 'vm-1', times: 4 },
        { at: 30, do: 'power-off', node: 'n1' },
        { at: 60, do: 'power-on', node: 'n1' },
        { at: 150, do: 'maintenance-on', node: 'n1' },
        { at: 190, do: 'maintenance-off', node: 'n1' },
      ],
      faults: [
        { at: 91.5, do: 'hypervisor-hangs', node: 'n1', seconds: 71.5, call: 'list' },
        { at: 100, do: 'hypervisor-slow', node: 'n1', seconds: 90, delayMs: 30_000 },
      ],
      healedAt: 200,
    }),
  },
  {
    name: 'words given while storage was gone for all count, and nobody waits until each host had its turn to resume',
    patches: [
      {
        file: 'machines/node/node.ts',
        find: "on: { verdict: [{ guard: 'isStorageLost', actions: 'note' }], word: {} }",
        put: "on: { verdict: [{ guard: 'isStorageLost', actions: 'note' }] }",
      },
      { file: 'machines/cluster/cluster.ts', find: 'const CALM_MS = 15_000;', put: 'const CALM_MS = 1;' },
    ],
    breaks: ['B3'],
    withinSeeds: 10,
    // Each of the two covers the other. Who is back first is a matter of where everybody's turns stand when storage returns.
    where: (seed) =>
      byHand({
        events: [
          { at: 30, do: 'storage-target-down' },
          { at: 127.5 + seed * 0.25, do: 'storage-target-up' },
        ],
        faults: [],
        healedAt: 200,
        vms: 3,
      })(seed),
  },
];
