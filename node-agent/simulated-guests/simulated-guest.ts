import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';

/**
 * A pretended VM, a process of its own: `node simulated-guest.ts VM EPOCH NODE DISK POWERED_OFF_FILE`. Writes the same
 * witness records on its disk as the real tiny guest (setup/guest-init.sh). SIGTERM is its power button.
 */
const [vm, epochText, node, disk, poweredOff] = process.argv.slice(2);
if (vm === undefined || node === undefined || disk === undefined || poweredOff === undefined) {
  throw new Error('usage: simulated-guest VM EPOCH NODE DISK POWERED_OFF_FILE');
}
const epoch = Number(epochText);
const EPOCH_BYTES = 1 << 20;
const SECTORS = 2048;
const PERIOD_MS = 200;

const file = openSync(disk, 'r+');
const lastOf = (older: number): number | undefined => {
  const area = Buffer.alloc(EPOCH_BYTES);
  const bytes = readSync(file, area, 0, EPOCH_BYTES, older * EPOCH_BYTES);
  const counters = area.toString('latin1', 0, bytes).matchAll(/witness [^\n]* counter=(\d+) /g);
  return [...counters].reduce<number | undefined>((last, [, text]) => Math.max(last ?? 0, Number(text)), undefined);
};
let seen = '';
for (let older = 0; older < epoch; older += 1) {
  const last = lastOf(older);
  if (last !== undefined) seen += `${older}:${last},`;
}
let counter = (lastOf(epoch) ?? 0) + 1;
const run = randomUUID();

const writer = setInterval(() => {
  const sector = Buffer.alloc(512);
  sector.write(`witness vm=${vm} epoch=${epoch} node=${node} run=${run} counter=${counter} seen=${seen}\n`, 'latin1');
  writeSync(file, sector, 0, 512, (epoch * SECTORS + (counter % SECTORS)) * 512);
  fsyncSync(file);
  counter += 1;
}, PERIOD_MS);

process.on('SIGTERM', () => {
  clearInterval(writer);
  closeSync(file);
  writeFileSync(poweredOff, '');
  process.exit(0);
});
process.stdout.write('up\n');
