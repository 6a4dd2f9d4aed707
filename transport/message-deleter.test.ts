import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { MessageDeleter } from './message-deleter.ts';

function deleterThat(answers: (() => boolean)[]): { deleter: MessageDeleter; calls: () => number } {
  let calls = 0;
  const deleteMessage = async (): Promise<boolean> => {
    const answer = answers[calls++];
    if (answer === undefined) throw new Error('asked more often than expected');
    return answer();
  };
  // The only call the deleter makes here.
  const manager = { streams: { deleteMessage } } as unknown as JetStreamManager;
  return { deleter: new MessageDeleter(manager, 'test'), calls: () => calls };
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
  await deleter.idle();
  expect([removed, calls()]).toEqual([1, 2]);
});

test('any other refusal is tried again until it is confirmed', async () => {
  const { deleter, calls } = deleterThat([fails(10057, 500, 'store closed'), timesOut, () => true]);
  let removed = 0;
  deleter.delete(7, () => {
    removed += 1;
  });
  await deleter.idle();
  expect([removed, calls()]).toEqual([1, 3]);
});
