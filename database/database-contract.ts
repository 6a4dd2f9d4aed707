import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, type Document, RevisionConflict } from '#ports';

/** Two connections to one empty store; for a store inside this process both may be the same object. */
export interface ContractStore {
  readonly first: Database;
  readonly second: Database;
  stop(): Promise<void>;
}

/** What every `Database` promises. Call it inside a test file: it declares the tests. `make` gives a fresh, empty store. */
export function databaseContract(name: string, make: () => Promise<ContractStore>): void {
  describe(`database contract: ${name}`, () => {
    let store: ContractStore;
    let first: Database;
    let second: Database;
    beforeAll(async () => {
      store = await make();
      ({ first, second } = store);
    });
    afterAll(() => store.stop());

    it('says what it is, without a secret', () => {
      expect(first.description).not.toBe('');
      expect(first.description).not.toContain('hunter2');
    });

    it('gives undefined for a missing document', async () => {
      expect(await first.get('vms', 'missing')).toBeUndefined();
    });

    it('creates at revision 1 and reads it back on the other connection at once', async () => {
      const body = { recorded: 'running', spec: { cpus: 2, disks: ['a', 'b'] }, lease: null };
      expect(await first.create('vms', 'web-1', body)).toEqual({ id: 'web-1', revision: 1, body });
      expect(await second.get('vms', 'web-1')).toEqual({ id: 'web-1', revision: 1, body });
    });

    it('refuses to create what exists, and leaves it alone', async () => {
      await first.create('vms', 'twice', { n: 1 });
      await expect(second.create('vms', 'twice', { n: 2 })).rejects.toThrow(RevisionConflict);
      expect((await first.get('vms', 'twice'))?.body).toEqual({ n: 1 });
    });

    it('replaces the whole body and counts the revision up', async () => {
      await first.create('vms', 'r', { a: 1, b: 2 });
      expect(await second.replace('vms', 'r', 1, { b: 3 })).toEqual({ id: 'r', revision: 2, body: { b: 3 } });
      expect(await first.get('vms', 'r')).toEqual({ id: 'r', revision: 2, body: { b: 3 } });
    });

    it('refuses a replace at another revision, of a missing and of a removed document', async () => {
      await first.create('vms', 'c', { n: 1 });
      await first.replace('vms', 'c', 1, { n: 2 });
      await expect(second.replace('vms', 'c', 1, { n: 9 })).rejects.toThrow(RevisionConflict);
      await expect(second.replace('vms', 'c', 3, { n: 9 })).rejects.toThrow(RevisionConflict);
      await expect(second.replace('vms', 'never', 1, { n: 9 })).rejects.toThrow(RevisionConflict);
      await first.remove('vms', 'c', 2);
      await expect(second.replace('vms', 'c', 2, { n: 9 })).rejects.toThrow(RevisionConflict);
      expect(await second.get('vms', 'c')).toBeUndefined();
    });

    it('removes only at the expected revision; the id can then be created again', async () => {
      const made = await first.create('rules', 'gone', { n: 1 });
      await expect(second.remove('rules', 'gone', made.revision + 1)).rejects.toThrow(RevisionConflict);
      await second.remove('rules', 'gone', made.revision);
      await expect(second.remove('rules', 'gone', made.revision)).rejects.toThrow(RevisionConflict);
      expect(await first.get('rules', 'gone')).toBeUndefined();
      expect((await first.create('rules', 'gone', { n: 2 })).body).toEqual({ n: 2 });
    });

    it('lists one collection in the order of ids', async () => {
      for (const id of ['n3', 'n1', 'n2']) await first.create('nodes', id, { id });
      await first.remove('nodes', 'n2', 1);
      expect((await second.list('nodes')).map((node) => node.id)).toEqual(['n1', 'n3']);
      expect(await second.list('jobs')).toEqual([]);
    });

    it('keeps any id and body that JSON can hold', async () => {
      const body = { $set: 1, 'a.b': { $inc: 2 }, text: 'ä\u0000\n', list: [null, { x: [] }], deep: { n: 1.5 } };
      for (const id of ['a b', 'x.y/z', '*', '>', '$', 'ä', 'A_-=']) {
        await first.create('settings', id, body);
        expect(await second.get('settings', id)).toEqual({ id, revision: 1, body });
      }
      expect((await second.list('settings')).length).toBe(7);
    });

    it('lets exactly one of many racing writers win, and the winner is what stays', async () => {
      let current: Document = await first.create('jobs', 'race', { by: 'nobody' });
      for (let round = 0; round < 25; round++) {
        const { revision } = current;
        const results = await Promise.allSettled(
          Array.from({ length: 8 }, (_, n) =>
            (n % 2 === 0 ? first : second).replace('jobs', 'race', revision, { by: `${round}.${n}` }),
          ),
        );
        const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
        const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
        expect(won).toHaveLength(1);
        for (const reason of lost) expect(reason).toBeInstanceOf(RevisionConflict);
        expect(await second.get('jobs', 'race')).toEqual(won[0]);
        current = won[0] ?? current;
      }
    });

    it('never shows an older revision after a newer one was acknowledged', async () => {
      let document = await first.create('jobs', 'fresh', { n: 0 });
      for (let n = 1; n <= 50; n++) {
        document = await first.replace('jobs', 'fresh', document.revision, { n });
        expect(await second.get('jobs', 'fresh')).toEqual(document);
        expect((await second.list('jobs')).find((found) => found.id === 'fresh')).toEqual(document);
      }
    });

    it('lets exactly one of many racing creators win', async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? first : second).create('jobs', 'newborn', { n })),
      );
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    });

    it('counts the beats of every node, and tells who beats those of all', async () => {
      expect([...(await first.beat('n1'))]).toEqual([['n1', 1]]);
      await first.beat('n2');
      await expect
        .poll(() => second.beats().then((beats) => [...beats].sort()))
        .toEqual([
          ['n1', 1],
          ['n2', 1],
        ]);
      // The other connection goes on where the first was: as an agent that is started again.
      expect((await second.beat('n1')).get('n1')).toBe(2);
      expect((await second.beat('n2')).get('n1')).toBe(2);
      await expect
        .poll(() => second.beats().then((beats) => [...beats].sort()))
        .toEqual([
          ['n1', 2],
          ['n2', 2],
        ]);
    });
  });
}
