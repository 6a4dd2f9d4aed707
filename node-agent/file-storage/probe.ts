import type { AreaLayout } from './area-layout.ts';
import { readSector } from './area-reader.ts';
import type { Call } from './call.ts';
import { StoreRefused } from './errors.ts';
import { packSector } from './sector.ts';
import type { SectorLane } from './sector-lane.ts';

const ROUNDS = 12;

/**
 * Lets several opens of the area race for its scratch sector. Throws `StoreRefused` with the evidence when a round has
 * two winners, or a winner's write is gone. Another node that probes at the same time may win a round; it does no harm.
 * Sees the locks and caches of this host only: a network file system that locks locally passes, and is refused elsewhere.
 */
export async function probeCompareAndWrite(
  lanes: readonly SectorLane[],
  layout: AreaLayout,
  nonce: string,
): Promise<void> {
  const [judge] = lanes;
  if (judge === undefined || lanes.length < 2) throw new RangeError('a race needs two writers');
  const sector = layout.probe.first;
  const read = async (lane: SectorLane): Promise<string> =>
    JSON.stringify((await readSector(lane, layout, layout.probe, sector, (value) => value)).value ?? null);
  const look = (): Promise<string> =>
    judge.run('probe', (call) => judge.locked(call, 'shared', sector, 1, () => read(judge)));
  const race = (lane: SectorLane, call: Call, expected: string, next: unknown): Promise<boolean> =>
    lane.locked(call, 'exclusive', sector, 1, async () => {
      if ((await read(lane)) !== expected) return false;
      await lane.file.write(sector, packSector(layout.seed, sector, next));
      return true;
    });
  for (let round = 1; round <= ROUNDS; round += 1) {
    const expected = await look();
    const won = await Promise.all(
      lanes.map((lane, writer) => lane.run('probe', (call) => race(lane, call, expected, { nonce, round, writer }))),
    );
    const winners = won.flatMap((win, writer) => (win ? [writer] : []));
    const left = await look();
    const evidence = `round ${round} of the probe: writers ${winners.join(', ') || 'none'} of ${lanes.length} won, then the sector said ${left}`;
    const ours = left.includes(nonce);
    const kept = winners.length === 1 && left === JSON.stringify({ nonce, round, writer: winners[0] });
    if (winners.length > 1 || (winners.length === 0 && left === expected) || (ours && !kept)) {
      throw new StoreRefused(`${judge.file.path}: compare-and-write is not atomic here (${evidence})`);
    }
  }
}
