import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { vmId } from '#machines';
import { signalGuest } from './guest-process.ts';
import { SimulatedGuests } from './simulated-guests.ts';

const vm = vmId('web-1');
let folder = '';
let host: SimulatedGuests;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-simulated-'));
  await writeFile(join(folder, 'disk'), '');
  await truncate(join(folder, 'disk'), 16 << 20);
  host = new SimulatedGuests(join(folder, 'n1'), 'n1');
});
afterEach(async () => {
  await host.remove(vm);
  await host.close();
  await rm(folder, { recursive: true });
});

const spec = () => ({ vm, cpus: 1, memoryMiB: 64, disk: join(folder, 'disk') });
const records = async (epoch: number) => {
  const disk = await readFile(join(folder, 'disk'), 'latin1');
  return disk
    .split('\n')
    .filter((line) => line.includes(`epoch=${epoch} `))
    .map((line) => line.replaceAll('\0', ''));
};

test('a guest writes, stops writing while suspended, and goes on', { timeout: 20_000 }, async () => {
  await host.start(spec(), 1);
  await host.start(spec(), 1);
  expect(await host.list()).toEqual([{ vm, epoch: 1, state: 'running' }]);
  await expect.poll(async () => (await records(1)).length, { timeout: 5000 }).toBeGreaterThan(2);
  await host.suspend(vm);
  expect(await host.list()).toMatchObject([{ state: 'suspended' }]);
  const before = (await records(1)).length;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await records(1)).length).toBe(before);
  await host.resume(vm);
  await expect.poll(async () => (await records(1)).length, { timeout: 5000 }).toBeGreaterThan(before);
});

test('killed, powered off and destroyed are told apart, also by the next agent', { timeout: 20_000 }, async () => {
  const told: unknown[] = [];
  host.subscribe(({ epoch, state, reason }) => told.push([epoch, state, reason].join(' ').trim()));
  await host.start(spec(), 1);
  await expect.poll(async () => (await records(1)).length, { timeout: 5000 }).toBeGreaterThan(0);
  const guest = host.guestOf(vm);
  if (guest === undefined) throw new Error('no guest');
  signalGuest(guest, 'SIGKILL');
  await expect.poll(() => told.at(-1)).toBe('1 off crashed');
  await host.start(spec(), 2);
  await expect.poll(async () => (await records(2))[0], { timeout: 5000 }).toMatch(/^witness vm=web-1 .* seen=1:\d+,$/);
  await host.shutdown(vm);
  await expect.poll(() => told.at(-1)).toBe('2 off guest-shutdown');
  await host.start(spec(), 3);
  await host.close();
  host = new SimulatedGuests(join(folder, 'n1'), 'n1');
  expect(await host.list()).toEqual([{ vm, epoch: 3, state: 'running' }]);
  await host.destroy(vm);
  expect(await host.list()).toEqual([{ vm, epoch: 3, state: 'off', reason: 'destroyed' }]);
});
