import { expect, test } from 'vitest';
import { nodeId, vmId } from '#machines';
import { type LeaseSector, StorageUnavailable } from '#ports';
import { MemoryDatabase } from '../database/mod.ts';
import { type StopVmPorts, stopVm } from './stop-vm.ts';
import { moveLease, readVm } from './vm-records.ts';

const [node, vm] = [nodeId('n1'), vmId('vm-1')];
const lease = { node, epoch: 3 };
const sector: LeaseSector = { vm, node, epoch: 3, generation: 7, status: 'held', incarnation: 1, sequence: 1 };

/** A VM that runs; `asked` are the stops that reach an agent. */
async function cluster() {
  const database = new MemoryDatabase();
  const spec = { vm, cpus: 1, memoryMiB: 512, disk: 'd' };
  await database.create('vms', vm, { spec, recorded: 'running', ha: true, priority: 0, failback: true, lease });
  const asked: unknown[] = [];
  const ports: StopVmPorts = {
    database,
    storage: { readLease: async () => sector },
    bus: {
      request: async (_subject, command) => {
        asked.push(command);
        return { ok: true, detail: 'stopped' };
      },
    },
  };
  return { database, ports, asked, abort: new AbortController() };
}

test("a user's stop is recorded, and reaches the holder under its epoch", async () => {
  const { database, ports, asked, abort } = await cluster();
  await stopVm(ports, vm, abort.signal);
  expect(await readVm(database, vm)).toMatchObject({ recorded: 'stopped', mayRunOn: [] });
  expect(asked).toEqual([{ do: 'stop', vm, epoch: 3, graceMs: 30_000 }]);
});

test('a stop whose write is overtaken by the start that a user wants since does not undo that', async () => {
  const { database, ports, asked, abort } = await cluster();
  const overtaken: StopVmPorts['database'] = {
    get: (collection, id) => database.get(collection, id),
    replace: async (...write) => {
      abort.abort();
      await moveLease(database, { vm, expectedEpoch: 3, node, home: null, byUser: true });
      return database.replace(...write);
    },
  };
  await expect(stopVm({ ...ports, database: overtaken }, vm, abort.signal)).rejects.toThrow(/abort/i);
  expect(await readVm(database, vm)).toMatchObject({ recorded: 'running', lease: { node, epoch: 4 } });
  expect(asked).toEqual([]);
});

test('a stop that another host has finished meanwhile takes no room again, whether it goes on or not', async () => {
  for (const isGivenUp of [false, true]) {
    const { database, ports, abort } = await cluster();
    let isFirst = true;
    const slow: StopVmPorts['database'] = {
      get: (collection, id) => database.get(collection, id),
      replace: async (...write) => {
        if (isFirst) await stopVm(ports, vm, new AbortController().signal);
        isFirst = false;
        if (isGivenUp) ports.storage.readLease = async () => Promise.reject(abort.abort());
        return await database.replace(...write);
      },
    };
    await stopVm({ ...ports, database: slow }, vm, abort.signal).catch(() => {});
    expect(await readVm(database, vm)).toMatchObject({ recorded: 'stopped', mayRunOn: [] });
  }
});

test('a stop that a user takes back while the sector is read asks no agent, whether storage answers or not', async () => {
  for (const answer of [sector, new StorageUnavailable('no answer')]) {
    const { database, ports, asked, abort } = await cluster();
    const readLease = async () => {
      abort.abort();
      if (answer instanceof Error) throw answer;
      return answer;
    };
    await expect(stopVm({ ...ports, storage: { readLease } }, vm, abort.signal)).rejects.toThrow(/abort/i);
    expect(asked).toEqual([]);
    // Where it may run still it keeps its room.
    expect(await readVm(database, vm)).toMatchObject({ recorded: 'stopped', mayRunOn: [node] });
  }
});
