import { expect, test } from 'vitest';
import { address, type Clock, sleep } from '#actors';
import { type FenceInput, nodeId } from '#machines';
import { type Fence, type FenceResult, type Slot, StorageUnavailable } from '#ports';
import { MemoryDatabase } from '../database/mod.ts';
import { VirtualTime } from '../simulation/virtual-time.ts';
import { fencingEffects } from './fence-node.ts';

const INTERVAL_MS = 1000;
const n1 = nodeId('n1');

/** A host that writes its slot each interval until it is off, and devices that say of themselves what they do. */
function setUp(devices: Readonly<Record<string, 'works' | 'lies' | 'fails'>>) {
  const time = new VirtualTime();
  const clock: Clock = { nowMs: () => time.now, after: (ms, fire) => time.after(ms, fire) };
  const slot = { node: n1, incarnation: 1, sequence: 5, state: 'running' as const };
  const host = { on: true, path: true };
  const [notes, told, asked]: [string[], object[], string[]] = [[], [], []];
  const fences = Object.entries(devices).map(
    ([name, kind]): Fence => ({
      name,
      fence: async (): Promise<FenceResult> => {
        asked.push(name);
        await sleep(clock, 500);
        if (kind === 'fails') return { outcome: 'failed', by: name, why: 'no answer' };
        if (kind === 'works') host.on = false;
        return { outcome: 'confirmed', by: name };
      },
    }),
  );
  const effects = fencingEffects({
    ...{ clock, database: new MemoryDatabase(), fences, members: [], timings: { intervalMs: INTERVAL_MS } },
    storage: {
      readSlots: async (): Promise<Slot[]> => {
        if (!host.path) throw new StorageUnavailable('no path');
        return [{ ...slot }];
      },
    },
    judgements: () => new Map([[n1, judged({ ...slot })]]),
    note: ({ what, why }) => notes.push(`${what}: ${why}`),
    tell: async (to, event) => void told.push({ to, ...event }),
    persist: async (work) => work().then(() => null),
  });
  const write = () => {
    if (host.on) slot.sequence += 1;
    time.after(INTERVAL_MS, write);
  };
  const scope = { key: 'k', address: address('node/n1'), signal: new AbortController().signal };
  /** What the effect came to, and after how many ms. */
  const run = async <Result>(
    effect: Promise<Result>,
  ): Promise<{ readonly result: Result; readonly afterMs: number }> => {
    const beganMs = time.now;
    let settled: { result: Result; afterMs: number } | undefined;
    void effect.then((result) => {
      settled = { result, afterMs: time.now - beganMs };
    });
    await time.run(beganMs + 60_000, () => {});
    if (settled === undefined) throw new Error('it did not end within a minute');
    return settled;
  };
  const fence = (input: Partial<FenceInput> = {}) =>
    run(effects.fence({ node: 'n1', incarnation: 1, stillAt: null, disbelieved: [], ...input }, scope));
  const watchFenced = () => run(effects.watchFenced({ node: 'n1', incarnation: 1, fence: 'bmc' }, scope));
  return { host, slot, notes, told, asked, lives: () => time.after(400, write), fence, watchFenced };
}

function judged(slot: Slot) {
  return { ...slot, verdict: 'dead' as const, boundReached: false, ageMs: 9e4, observers: [nodeId('n2')] };
}

const alarm = 'alert: the fence bmc confirmed that n1 is off, and n1 went on writing: check its plug';

test('a host that had stopped is down as soon as its fence confirms (B9)', async () => {
  const { fence } = setUp({ bmc: 'works' });
  const { result, afterMs } = await fence({ stillAt: 5 });
  expect(result).toEqual({ outcome: 'confirmed', by: 'bmc', incarnation: 1, sequence: 5 });
  expect(afterMs).toBe(500);
});

test('a host that wrote until its fence is down once it has stopped', async () => {
  const { fence, lives, notes } = setUp({ bmc: 'works' });
  lives();
  const { result, afterMs } = await fence();
  expect(result).toMatchObject({ outcome: 'confirmed', by: 'bmc' });
  expect(afterMs).toBeLessThanOrEqual(500 + 3 * INTERVAL_MS);
  expect(notes.join()).not.toContain('alert');
});

test.each([null, 5])(
  'a host that writes on is not down, whatever its fence says; people and its actor are told (stood still at %s)',
  async (stillAt) => {
    const { fence, lives, notes, told } = setUp({ bmc: 'lies' });
    lives();
    // The host comes back while its fence is at work: it writes when that confirms.
    const { result } = await fence({ stillAt });
    expect(result).toEqual({ outcome: 'failed', why: 'bmc confirmed it, and it goes on writing' });
    expect(notes.find((note) => note.startsWith('alert'))).toContain(alarm);
    expect(told).toEqual([{ to: 'node/n1', type: 'contradicted', fence: 'bmc' }]);
  },
);

test('after a fence that was contradicted the next one is asked', async () => {
  const { fence, lives, asked } = setUp({ bmc: 'lies', pdu: 'works' });
  lives();
  expect((await fence()).result).toMatchObject({ outcome: 'confirmed', by: 'pdu' });
  expect(asked).toEqual(['bmc', 'pdu']);
});

test('a fence that was contradicted before is not asked: it may take the power of another host', async () => {
  const { fence, asked, notes } = setUp({ bmc: 'lies', pdu: 'works' });
  expect((await fence({ stillAt: 5, disbelieved: ['bmc'] })).result).toMatchObject({ by: 'pdu' });
  expect(asked).toEqual(['pdu']);
  expect(notes[0]).toBe('refuse: no fence: bmc confirmed before what was not so, and was not tested since');
});

test('who cannot read storage itself goes by what the others saw', async () => {
  const { fence, host } = setUp({ bmc: 'works' });
  host.path = false;
  expect((await fence({ stillAt: 5 })).result).toMatchObject({ outcome: 'confirmed', sequence: 5 });
});

test('a slot that was written after a word was believed is watched: one write is forgiven, more are not', async () => {
  const { watchFenced, slot, notes, told } = setUp({ bmc: 'lies' });
  slot.sequence += 1;
  await watchFenced();
  expect(told).toEqual([]);
  expect(notes).toEqual(['alert: the word of bmc that it is off is void: its slot was written after that']);
  const living = setUp({ bmc: 'lies' });
  living.lives();
  await living.watchFenced();
  expect(living.told).toEqual([{ to: 'node/n1', type: 'contradicted', fence: 'bmc' }]);
});
