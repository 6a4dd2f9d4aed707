import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { expect, test, vi } from 'vitest';
import { MessageDeleter } from './message-deleter.ts';

function deleterThat(answers: (() => boolean | Promise<boolean>)[]): { deleter: MessageDeleter; calls: () => number } {
  let calls = 0;
  const deleteMessage = async (): Promise<boolean> => {
    const answer = answers[calls++];
    if (answer === undefined) throw new Error('asked more often than expected');
    return answer();
  };
  // The only call the deleter makes here.
  const manager = { streams: { deleteMessage } } as unknown as JetStreamManager;
  return { deleter: new MessageDeleter(manager, 'test', async () => true), calls: () => calls };
}

const fails = (err_code: number, code: number, description: string) => (): never => {
  throw new JetStreamApiError({ err_code, code, description });
};
const timesOut = (): never => {
  throw new Error('timeout');
};

test.each([
  ['sequence not found', fails(10043, 400, 'sequence 7 not found')],
  ['no message found', fails(10057, 500, 'no message found')],
  ['EOF', fails(10057, 500, 'EOF')],
])('a removal whose answer was lost and that is then refused with "%s" is done', async (_what, gone) => {
  const { deleter, calls } = deleterThat([timesOut, gone]);
  let removed = 0;
  deleter.delete(7, () => {
    removed += 1;
  });
  await deleter.settled(60_000);
  expect([removed, calls()]).toEqual([1, 2]);
});

test('any other refusal is tried again until it is confirmed', async () => {
  const { deleter, calls } = deleterThat([fails(10057, 500, 'store closed'), timesOut, () => true]);
  let removed = 0;
  deleter.delete(7, () => {
    removed += 1;
  });
  await deleter.settled(60_000);
  expect([removed, calls()]).toEqual([1, 3]);
});

test('who waits for the last removals waits for slow servers, not for silent ones', async () => {
  const answers = Array.from({ length: 20 }, () => Promise.withResolvers<boolean>());
  let asked = 0;
  const deleteMessage = (): Promise<boolean> =>
    answers[asked++]?.promise ?? Promise.reject(new Error('asked too often'));
  // The only call the deleter makes here.
  const deleter = new MessageDeleter(
    { streams: { deleteMessage } } as unknown as JetStreamManager,
    'test',
    async () => true,
  );
  for (let sequence = 1; sequence <= 20; sequence += 1) deleter.delete(sequence);
  let over = false;
  const settled = deleter.settled(40).then(() => {
    over = true;
  });
  for (const { resolve } of answers.slice(0, 19)) {
    resolve(true);
    await new Promise((resume) => setImmediate(resume));
    expect(over).toBe(false);
  }
  await settled; // the twentieth is never answered
  expect(asked).toBe(20);
});

test('what is asked for later is not waited for', async () => {
  const later = Promise.withResolvers<boolean>();
  const { deleter } = deleterThat([() => true, () => later.promise]);
  deleter.delete(1);
  const settled = deleter.settled(60_000);
  deleter.delete(2);
  await settled;
  later.resolve(true);
});

test('removals that never succeed hold up no other, and are told of with their reason, once a minute', async () => {
  vi.useFakeTimers();
  try {
    const deleteMessage = async (_stream: string, sequence: number): Promise<boolean> =>
      sequence > 100 || fails(10110, 400, 'message delete not permitted')();
    const told: [number, string][] = [];
    const startedMs = performance.now();
    const deleter = new MessageDeleter(
      // The only call the deleter makes here.
      { streams: { deleteMessage } } as unknown as JetStreamManager,
      'test',
      async () => true,
      (reason) => told.push([Math.round((performance.now() - startedMs) / 1_000), reason]),
    );
    for (let sequence = 1; sequence <= 20; sequence += 1) deleter.delete(sequence);
    let removed = 0;
    deleter.delete(101, () => {
      removed += 1;
    });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(removed).toBe(1);
    await vi.advanceTimersByTimeAsync(8_500);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(90_000);
    expect(told).toEqual([
      [10, 'message delete not permitted'],
      [70, 'message delete not permitted'],
    ]);
    deleter.close();
  } finally {
    vi.useRealTimers();
  }
});

test('servers that answer nobody are not told of as refusing removals', async () => {
  vi.useFakeTimers();
  try {
    let isAway = true;
    const told: string[] = [];
    const deleter = new MessageDeleter(
      // The only call the deleter makes here.
      { streams: { deleteMessage: timesOut } } as unknown as JetStreamManager,
      'test',
      async () => !isAway || timesOut(),
      (reason) => told.push(reason),
    );
    deleter.delete(1);
    await vi.advanceTimersByTimeAsync(60_000);
    isAway = false;
    await vi.advanceTimersByTimeAsync(9_000);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(told).toEqual(['timeout']);
    deleter.close();
  } finally {
    vi.useRealTimers();
  }
});
