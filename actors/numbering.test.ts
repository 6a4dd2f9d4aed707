import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { hostForTests } from './host-for-tests.ts';
import { tell } from './mod.ts';

test('a step that tells more receivers than are remembered, one of them twice, loses nothing', async () => {
  const machine = setup({ types: { context: {} as { n: number } } }).createMachine({
    context: { n: 0 },
    on: {
      add: { actions: assign({ n: ({ context }) => context.n + 1 }) },
      fan: {
        actions: tell(() => {
          const others = Array.from({ length: 20 }, (_, i) => `c/x${i}`);
          return ['c/a', ...others, 'c/a'].map((to) => ({ to, event: { type: 'add' } }));
        }),
      },
    },
  });
  const { system, context } = await hostForTests({ c: { machine } }, { limits: { receiversRemembered: 8 } });
  for (const sum of [2, 4]) {
    await system.tell('c/sender', { type: 'fan' });
    await expect.poll(() => context('c/a')).toEqual({ n: sum });
  }
  await system.stop();
});
