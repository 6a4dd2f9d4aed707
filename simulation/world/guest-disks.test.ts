import { expect, test } from 'vitest';
import { vmId } from '#machines';
import { SeededRandom } from '../seeded-random.ts';
import { GuestDisks } from './guest-disks.ts';
import type { SimCopy } from './host.ts';
import { SimStorageTarget } from './storage.ts';
import { testWorld } from './test-world.ts';

const vm = vmId('vm-1');

test.each(['requestsLost', 'answersLost', 'hangs'] as const)(
  'a copy that is suspended while its path has %s is not drained before the path is back, and its write lands then',
  (trouble) => {
    const { time, host } = testWorld(['n1']);
    const target = new SimStorageTarget(time, new SeededRandom('disks'), {
      leaseWritten: () => {},
      slotWritten: () => {},
    });
    const landed: string[] = [];
    const disks = new GuestDisks(target, (on, which) => landed.push(`${which} on ${on.name}`));
    const n1 = host('n1');
    const copy: SimCopy = { vm, epoch: 1, state: 'suspended', reason: undefined, guest: 'up' };
    const told: string[] = [];
    target.path(n1.name)[trouble] = true;
    disks.changed(n1, copy, 'running');
    disks.whenDrained(copy, () => told.push('drained'));
    expect([...landed, ...told]).toEqual([]);
    target.path(n1.name)[trouble] = false;
    target.pathChanged();
    expect([...landed, ...told]).toEqual(['vm-1 on n1', 'drained']);
  },
);
