import { expect, test } from 'vitest';
import { timingsFor, type VmId, vmId } from '#machines';
import type { VmCopy } from '#ports';
import { VirtualTime } from '../simulation/virtual-time.ts';
import { CopiesUnderWay } from './copies-under-way.ts';
import { GuardianRunner } from './guardian-runner.ts';

const vm = vmId('web');
const timings = timingsFor({ sensitivity: 'high', confirmingFence: false });

/** A guardian right after its start, that is without a good slot write, and a hypervisor whose answers the test gives. */
function guarded(state: VmCopy['state']) {
  const time = new VirtualTime();
  const copy = { vm, epoch: 1, state };
  const calls: string[] = [];
  const answers = new Map<string, PromiseWithResolvers<void>>();
  const call = (name: string) => {
    calls.push(name);
    const answer = Promise.withResolvers<void>();
    answers.set(name, answer);
    return answer.promise;
  };
  const late: VmId[] = [];
  const lateWriters = { vms: late, pathIsWell: () => {} };
  const underWay = new CopiesUnderWay();
  const hypervisor = {
    copies: [copy] as readonly VmCopy[],
    listMs: 0,
    list: async () => {
      const seen = hypervisor.copies.map((each) => ({ ...each }));
      if (hypervisor.listMs > 0) await new Promise<void>((resolve) => time.after(hypervisor.listMs, resolve));
      return seen;
    },
    suspend: () => call('suspend'),
    destroy: () => call('destroy'),
  };
  const kicks: number[] = [];
  const guardian = new GuardianRunner({
    clock: { nowMs: () => time.now, after: (ms, fire) => time.after(ms, fire) },
    hypervisor,
    underWay,
    lateWriters,
    timings,
    watchdog: { arm: () => {}, kick: () => kicks.push(time.now) },
    heartbeat: { good: { beganMs: Number.NEGATIVE_INFINITY, sequence: 0 }, state: 'running', takeGapMs: () => 0 },
    isSettled: () => true,
    note: () => {},
    onStorageBack: () => {},
    onError: () => {},
  });
  guardian.start(false);
  const forMs = (ms: number) => time.run(time.now + ms, () => {});
  const answer = async (name: string) => {
    answers.get(name)?.resolve();
    await forMs(timings.intervalMs * 2);
  };
  return { late, guardian, hypervisor, copy, underWay, calls, kicks, answer, forMs };
}

test('a copy that is listed suspended while its suspend is unanswered still writes: no word, no kick', async () => {
  const { guardian, copy, calls, kicks, answer, forMs } = guarded('running');
  await forMs(1);
  copy.state = 'suspended';
  await forMs(timings.suspendBudgetMs / 2);
  expect([guardian.mode, guardian.giveWord(1), kicks.length, calls]).toEqual(['isolating', undefined, 0, ['suspend']]);
  await answer('suspend');
  expect(guardian.giveWord(1)).toBe(1);
  expect(kicks.length).toBeGreaterThan(0);
});

test('a copy that somebody else suspended is suspended once more, as nobody knows whether its disk is drained', async () => {
  const { guardian, calls, answer, forMs } = guarded('suspended');
  await forMs(timings.intervalMs);
  expect([guardian.mode, calls]).toEqual(['isolating', ['suspend']]);
  await answer('suspend');
  expect(guardian.mode).toBe('isolated');
});

test('a copy whose force-off is unanswered still writes, also when it is listed off', async () => {
  const { guardian, copy, calls, answer, forMs } = guarded('running');
  await forMs(timings.suspendBudgetMs + timings.intervalMs * 2);
  copy.state = 'off';
  await answer('suspend');
  expect([guardian.mode, calls]).toEqual(['isolating', ['suspend', 'destroy']]);
  await answer('destroy');
  expect(guardian.mode).toBe('isolated');
});

test('a start that ends while the hypervisor lists counts as running, though the list does not know it yet', async () => {
  const { guardian, hypervisor, copy, underWay, forMs } = guarded('running');
  hypervisor.copies = [];
  hypervisor.listMs = 500;
  const start = Promise.withResolvers<void>();
  const started = underWay.during(vm, () => start.promise);
  await forMs(timings.intervalMs + 100); // the second listing is under way
  hypervisor.copies = [copy];
  start.resolve();
  await started;
  await forMs(600);
  expect(guardian.mode).toBe('isolating');
});

test('a copy that is gone but may write late: no word and no kick, so that the watchdog resets the host, until its bound is over', async () => {
  const { guardian, late, kicks, calls, forMs } = guarded('off');
  late.push(vm);
  await forMs(timings.suspendBudgetMs * 2);
  expect([guardian.mode, guardian.giveWord(1), kicks.length, calls]).toEqual(['isolating', undefined, 0, []]);
  late.pop();
  await forMs(timings.intervalMs);
  expect(guardian.mode).toBe('isolated');
});
