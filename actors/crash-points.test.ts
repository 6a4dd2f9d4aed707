import { expect, test } from 'vitest';
import { CYCLE_POINTS, crashScenario } from './crash-scenario.ts';
import { MemoryServer, MemoryTransport, systemClock } from './mod.ts';

for (const atomicOutgoing of [true, false]) {
  test(`a host killed at any point leaves what an undisturbed run leaves (atomic outgoing: ${atomicOutgoing})`, async () => {
    const fresh = () => {
      const server = new MemoryServer({ clock: systemClock, partitions: 4, atomicOutgoing });
      return async () => new MemoryTransport(server);
    };
    const undisturbed = await crashScenario(fresh());
    const runs = CYCLE_POINTS.flatMap((point) => [1, 2, 7].map((nth) => ({ point, nth })));
    await Promise.all(
      runs.map(async (crash) =>
        expect(await crashScenario(fresh(), crash), JSON.stringify(crash)).toEqual(undisturbed),
      ),
    );
  }, 30_000);
}
