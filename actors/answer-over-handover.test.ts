import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { hostForTests } from './host-for-tests.ts';
import { MemoryServer, MemoryTransport, reply, type StepCommit, systemClock } from './mod.ts';

const echo = setup({}).createMachine({ on: { ask: { actions: reply(() => 'taken') } } });

/** What is committed is known to it only once the gate is open. */
class SlowAnswers extends MemoryTransport {
  readonly gate = Promise.withResolvers<void>();
  committed = 0;

  override async commit(step: StepCommit): Promise<number> {
    const sequence = await super.commit(step);
    this.committed += 1;
    await this.gate.promise;
    return sequence;
  }
}

test('a step that was under way when its partition went to another host answers its asker all the same', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 16 });
  const transport = new SlowAnswers(server);
  const before = await hostForTests({ echo: { machine: echo } }, { server, transport });
  const all = Array.from({ length: 32 }, (_, i) => `echo/${i}`);
  const answers = Promise.all(all.map((address) => before.system.ask(address, { type: 'ask' }, { timeoutMs: 3_000 })));
  await expect.poll(() => transport.committed).toBe(all.length);
  const after = await hostForTests({ echo: { machine: echo } }, { server, host: 'n2' });
  await expect.poll(() => all.filter((address) => after.system.owns(address)).length).toBeGreaterThan(4);
  await expect
    .poll(() => all.every((address) => !(before.system.owns(address) && after.system.owns(address))))
    .toBe(true);
  transport.gate.resolve();
  expect(await answers).toEqual(all.map(() => 'taken'));
  await Promise.all([before.system.stop(), after.system.stop()]);
});
