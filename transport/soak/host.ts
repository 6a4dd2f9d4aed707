import { parseArgs } from 'node:util';
import { createActorSystem, StaleCommit, type StepCommit, systemClock } from '#actors';
import { connectJetStream } from '../jetstream-connect.ts';
import { ledgerKind } from './token-machine.ts';

/**
 * A host process that tests kill and pause: serves `ledger/*`. Writes a line of JSON for what a test waits for. With
 * `--pause` it stops itself (SIGSTOP) once, between the transition and the commit of the event `pause`.
 */
const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: '' },
    stream: { type: 'string', default: '' },
    host: { type: 'string', default: '' },
    partitions: { type: 'string', default: '16' },
    pause: { type: 'boolean', default: false },
  },
});
const say = (line: Record<string, unknown>): void => {
  process.stdout.write(`${JSON.stringify({ host: values.host, ...line })}\n`);
};

const transport = await connectJetStream({
  servers: values.servers.split(','),
  name: values.host,
  stream: values.stream,
  partitions: Number(values.partitions),
});
const commit = transport.commit.bind(transport);
transport.commit = async (step: StepCommit) => {
  try {
    return await commit(step);
  } catch (error) {
    if (error instanceof StaleCommit) say({ refused: step.address, code: error.code, body: step.body });
    throw error;
  }
};
let paused = !values.pause;
const system = createActorSystem({
  transport,
  clock: systemClock,
  random: Math.random,
  host: values.host,
  onAlert: (alert) => say({ alert: alert.code, text: alert.text }),
  onCyclePoint: (point, address) => {
    if (paused || point !== 'transition' || address !== 'ledger/sleepy') return;
    paused = true;
    say({ pausing: address });
    process.kill(process.pid, 'SIGSTOP');
    say({ woke: address });
  },
});
system.register('ledger', ledgerKind);
await system.start();
say({ started: true });
// Ends with its parent, however that ends.
process.stdin.on('end', () => process.exit(0)).resume();
